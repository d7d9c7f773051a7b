internal import QwenVL
internal import Tensors

/// Image features of a frozen vision tower, computed once per picture.
final class FrozenFeatures {
  private let model: QwenModel
  private var known: [Key: Tensor] = [:]
  private var order: [Key] = []
  private var bytes = 0
  private let limit: Int

  /// The pixels themselves are the key: two files with the same picture share an entry.
  private struct Key: Hashable {
    let rows: Int
    let columns: Int
    let digest: UInt64
    let other: UInt64
  }

  /// - Parameter limit: bytes of features to keep; the oldest go first.
  init(model: QwenModel, limit: Int = 512 << 20) {
    self.model = model.inference()
    self.limit = limit
  }

  /// [Σ tokens, hidden] of the prompt's images; nil when it has none.
  func features(of prompt: Prompt) throws -> Tensor? {
    guard !prompt.images.isEmpty else { return nil }
    let parts = try prompt.images.map { image in
      let key = Self.key(of: image)
      if let tensor = known[key] { return tensor }
      let tensor = try model.encodeImages([image])
      known[key] = tensor
      order.append(key)
      bytes += tensor.count * 4
      forgetOldest()
      return tensor
    }
    return parts.count == 1 ? parts[0] : concatenatedRows(parts)
  }

  private func forgetOldest() {
    while bytes > limit, order.count > 1 {
      guard let tensor = known.removeValue(forKey: order.removeFirst()) else { continue }
      bytes -= tensor.count * 4
    }
  }

  /// Two independent 64-bit sums over the pixel values' bits.
  private static func key(of image: ImagePatches) -> Key {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    var other: UInt64 = 0x8422_2325_CBF2_9CE4
    image.pixelValues.withUnsafeBufferPointer { values in
      for value in values {
        digest = (digest ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3
        other = (other &+ UInt64(value.bitPattern)) &* 0x9E37_79B9_7F4A_7C15
        other ^= other >> 29
      }
    }
    return Key(rows: image.rows, columns: image.columns, digest: digest, other: other)
  }
}
