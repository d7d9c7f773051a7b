/// The images of several prompts, each picture once however many prompts show it.
struct DistinctImages {
  private(set) var images: [ImagePatches] = []
  /// For every prompt, its images as indices into `images`.
  private(set) var ofPrompt: [[Int]] = []
  /// For every prompt, the rows its image tokens have among the features of `images`.
  private(set) var featureRows: [[Int]] = []

  init(_ prompts: [Prompt]) {
    var byContent: [Int: [Int]] = [:]
    var firstFeature: [Int] = []
    var features = 0
    for prompt in prompts {
      var indices: [Int] = []
      for image in prompt.images {
        let key = Self.key(of: image)
        if let known = byContent[key, default: []].first(where: { Self.same(images[$0], image) }) {
          indices.append(known)
          continue
        }
        byContent[key, default: []].append(images.count)
        indices.append(images.count)
        images.append(image)
        firstFeature.append(features)
        features += image.tokenCount
      }
      ofPrompt.append(indices)
      featureRows.append(indices.flatMap { firstFeature[$0]..<firstFeature[$0] + images[$0].tokenCount })
    }
  }

  /// Alike for images that are the same, and seldom for others: of some of the values, as hashing all of them would
  /// take longer than a GPU takes for a layer or two.
  private static func key(of image: ImagePatches) -> Int {
    var hasher = Hasher()
    hasher.combine(image.rows)
    hasher.combine(image.columns)
    let values = image.pixelValues
    for index in stride(from: 0, to: values.count, by: max(1, values.count / 1024)) {
      hasher.combine(values[index])
    }
    return hasher.finalize()
  }

  static func same(_ a: ImagePatches, _ b: ImagePatches) -> Bool {
    a.rows == b.rows && a.columns == b.columns && a.pixelValues == b.pixelValues
  }
}
