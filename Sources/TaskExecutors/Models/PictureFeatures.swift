internal import Inspection
internal import QwenVL
internal import Tensors

/// How pictures look to a model: the mean of the image tokens its vision tower gives, of length one.
///
/// Good pictures are looked at again and again, by every shard that asks about their product; their features are kept.
struct PictureFeatures {
  private var known: [String: [Float]] = [:]
  /// About 400 MB at 2048 numbers a picture; a data set's good pictures are some thousands.
  private let capacity = 50_000

  /// The `count` pictures most similar to one, by the cosine of their features, most similar first.
  mutating func nearest(
    to path: String, among candidates: [String], count: Int, in loaded: LoadedModel
  ) throws -> [String] {
    try look(at: [path] + candidates, with: loaded)
    guard let own = known[path] else { return [] }
    let ranked = candidates.map { candidate -> (Float, String) in
      let other = known[candidate] ?? []
      return (zip(own, other).reduce(0) { $0 + $1.0 * $1.1 }, candidate)
    }
    return ranked.sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 > $1.0 }.prefix(count).map(\.1)
  }

  /// Computes what is not known yet, some pictures at a time.
  private mutating func look(at paths: [String], with loaded: LoadedModel) throws {
    if known.count > capacity { known = [:] }
    var seen: Set<String> = []
    let fresh = paths.filter { known[$0] == nil && seen.insert($0).inserted }
    for start in stride(from: 0, to: fresh.count, by: 16) {
      for path in fresh[start..<min(start + 16, fresh.count)] {
        let prompt = try loaded.prompts.encode(
          InspectionPrompt(parts: [.image(path)], maxNewTokens: 1, pixelArea: .mmad))
        let tokens = try loaded.model.encodeImages(prompt.images)
        known[path] = Self.direction(tokens.values, width: tokens.shape[1])
      }
    }
  }

  /// The mean of rows, scaled to length one; zeros stay zeros.
  static func direction(_ values: [Float], width: Int) -> [Float] {
    var mean = [Float](repeating: 0, count: width)
    for start in stride(from: 0, to: values.count, by: width) {
      for column in 0..<width { mean[column] += values[start + column] }
    }
    let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? mean.map { $0 / length } : mean
  }
}
