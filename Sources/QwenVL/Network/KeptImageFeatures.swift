import Tensors

/// The features of images that many prompts show, such as references, kept from one generation to the next.
///
/// They belong to one model with the weights it had; like its tensors they are confined to one thread at a time.
public final class KeptImageFeatures {
  private var kept: [(image: ImagePatches, features: Tensor)] = []
  private let capacity: Int

  /// - Parameter capacity: images that are kept, those used last.
  public init(capacity: Int = 16) { self.capacity = capacity }

  /// Computes the features of an image, unless they are kept already, and keeps them.
  public func keep(_ image: ImagePatches, for model: QwenModel) throws {
    if features(of: image) != nil { return }
    if kept.count >= capacity { kept.removeFirst() }
    kept.append((image, try model.encodeImages([image])))
  }

  public func removeAll() { kept = [] }

  /// [tokens, hidden]; nil for an image that is not kept.
  fileprivate func features(of image: ImagePatches) -> Tensor? {
    guard let index = kept.lastIndex(where: { DistinctImages.same($0.image, image) }) else { return nil }
    let found = kept.remove(at: index)
    kept.append(found)
    return found.features
  }
}

extension QwenModel {
  /// The image tokens of several images, image after image, computed only where they are not kept.
  /// - Returns: [Σ tokens, hidden]
  func encodeImages(_ images: [ImagePatches], reusing kept: KeptImageFeatures) throws -> Tensor {
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
