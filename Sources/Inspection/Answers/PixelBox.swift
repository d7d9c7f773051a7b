import OrderedJSON

/// A box in pixels: x1, y1 its upper left and x2, y2 its lower right corner, exclusive.
public struct PixelBox: Sendable, Equatable, Codable, CustomStringConvertible {
  public var x1, y1, x2, y2: Double

  public init(x1: Double, y1: Double, x2: Double, y2: Double) {
    self.x1 = x1
    self.y1 = y1
    self.x2 = x2
    self.y2 = y2
  }

  public var description: String { "[\(x1), \(y1), \(x2), \(y2)]" }

  /// Zero for a box whose corners are inverted.
  public var area: Double { max(0, x2 - x1) * max(0, y2 - y1) }

  public func scaled(x: Double, y: Double) -> PixelBox {
    PixelBox(x1: x1 * x, y1: y1 * y, x2: x2 * x, y2: y2 * y)
  }

  /// 0 for disjoint boxes and for boxes without area.
  public func intersectionOverUnion(with other: PixelBox) -> Double {
    let inner = PixelBox(
      x1: max(x1, other.x1), y1: max(y1, other.y1), x2: min(x2, other.x2), y2: min(y2, other.y2))
    guard area > 0, other.area > 0, inner.area > 0 else { return 0 }
    return inner.area / (area + other.area - inner.area)
  }

  /// The box with its corners in order and inside a picture; `nil` when nothing is left or a number is not
  /// finite.
  public func normalized(width: Int, height: Int) -> PixelBox? {
    guard x1.isFinite, y1.isFinite, x2.isFinite, y2.isFinite else { return nil }
    let result = PixelBox(
      x1: min(max(min(x1, x2), 0), Double(width)), y1: min(max(min(y1, y2), 0), Double(height)),
      x2: min(max(max(x1, x2), 0), Double(width)), y2: min(max(max(y1, y2), 0), Double(height)))
    return result.area > 0 ? result : nil
  }

  /// The first `[number, number, number, number]` in a text.
  public init?(firstIn text: String) {
    guard let found = PixelBox.all(in: text, atMost: 1).first else { return nil }
    self = found
  }

  /// The first so many `[number, number, number, number]` in a text, in their order.
  static func all(in text: String, atMost count: Int = .max) -> [PixelBox] {
    ReplyBytes.with(text) { bytes in
      var boxes: [PixelBox] = []
      for index in 0..<bytes.count where bytes[index] == UInt8(ascii: "[") {
        guard boxes.count < count else { break }
        if let box = PixelBox.parse(bytes, from: index + 1) { boxes.append(box) }
      }
      return boxes
    }
  }

  /// Four numbers as one box, or a list of such lists; `nil` for anything else.
  static func list(_ value: JSON) -> [PixelBox]? {
    guard let entries = value.array, !entries.isEmpty else { return nil }
    if entries[0].array == nil {
      let sides = entries.compactMap(\.double)
      guard sides.count == 4, entries.count == 4 else { return nil }
      return [PixelBox(x1: sides[0], y1: sides[1], x2: sides[2], y2: sides[3])]
    }
    let boxes = entries.compactMap { $0.array?.first?.array == nil ? list($0)?.first : nil }
    return boxes.count == entries.count ? boxes : nil
  }

  private static func parse(_ bytes: ReplyBytes.Bytes, from start: Int) -> PixelBox? {
    var values: [Double] = []
    var index = start
    while true {
      index = skippingSpace(bytes, index)
      let begin = index
      while index < bytes.count, isNumberByte(bytes[index]) { index += 1 }
      guard index > begin, index - begin <= 32,
        let value = Double(String(decoding: bytes[begin..<index], as: UTF8.self)), value.isFinite
      else { return nil }
      values.append(value)
      index = skippingSpace(bytes, index)
      guard index < bytes.count else { return nil }
      if values.count == 4 {
        guard bytes[index] == UInt8(ascii: "]") else { return nil }
        return PixelBox(x1: values[0], y1: values[1], x2: values[2], y2: values[3])
      }
      guard bytes[index] == UInt8(ascii: ",") else { return nil }
      index += 1
    }
  }

  private static func skippingSpace(_ bytes: ReplyBytes.Bytes, _ start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] == 0x20 || (0x09...0x0D).contains(bytes[index]) { index += 1 }
    return index
  }

  private static func isNumberByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
  }
}
