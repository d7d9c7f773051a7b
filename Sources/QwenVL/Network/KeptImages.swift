import Tensors

/// Images that many prompts show, such as references, kept from one generation to the next: their features, and the
/// keys and values of what prompts begin with up to them.
///
/// They belong to one model with the weights it had; like its tensors they are confined to one thread at a time.
public final class KeptImages {
  private var kept: [(image: ImagePatches, features: Tensor)] = []
  private let capacity: Int
  let beginnings: KeptBeginnings

  /// - Parameters:
  ///   - capacity: images that are kept, those used last.
  ///   - bytes: the most that keys and values take.
  public init(capacity: Int = 16, bytes: Int = 512 << 20) {
    self.capacity = capacity
    beginnings = KeptBeginnings(bytes: bytes)
  }

  /// Computes the features of an image, unless they are kept already, and keeps them. The keys and values of prompts
  /// that begin with it are kept by the first generation that has them.
  public func keep(_ image: ImagePatches, for model: QwenModel) throws {
    if features(of: image) != nil { return }
    if kept.count >= capacity { kept.removeFirst() }
    kept.append((image, try model.encodeImages([image])))
  }

  public func removeAll() {
    kept = []
    beginnings.removeAll()
  }

  /// [tokens, hidden]; nil for an image that is not kept.
  fileprivate func features(of image: ImagePatches) -> Tensor? {
    guard let index = kept.lastIndex(where: { DistinctImages.same($0.image, image) }) else { return nil }
    let found = kept.remove(at: index)
    kept.append(found)
    return found.features
  }

  /// What of each prompt is worth keeping: its tokens up to the end of its last image, as long as its images are kept
  /// ones.
  func beginnings(of prompts: [Prompt], imageToken: Int) -> [PromptPrefixes.Beginning] {
    prompts.enumerated().compactMap { index, prompt in
      let known = prompt.images.prefix { features(of: $0) != nil }
      var left = known.reduce(0) { $0 + $1.tokenCount }
      guard left > 0 else { return nil }
      let last = prompt.ids.firstIndex { id in
        if id == imageToken { left -= 1 }
        return left == 0
      }
      // An answer begins behind a token of its prompt's own.
      guard let last, last + 1 < prompt.ids.count, last + 1 >= PromptPrefixes.shortest else { return nil }
      return PromptPrefixes.Beginning(prompt: index, count: last + 1)
    }
  }
}

extension QwenModel {
  /// The image tokens of several images, image after image, computed only where they are not kept.
  /// - Returns: [Σ tokens, hidden]
  func encodeImages(_ images: [ImagePatches], reusing kept: KeptImages) throws -> Tensor {
    let known = images.map(kept.features)
    let missing = zip(images, known).filter { $0.1 == nil }.map(\.0)
    if missing.count == images.count { return try encodeImages(images) }
    let fresh = missing.isEmpty ? nil : try encodeImages(missing)
    var start = 0
    return concatenatedRows(
      zip(images, known).compactMap { image, features in
        if let features { return features }
        defer { start += image.tokenCount }
        return fresh.map { slicedRows($0, start..<start + image.tokenCount) }
      })
  }
}
