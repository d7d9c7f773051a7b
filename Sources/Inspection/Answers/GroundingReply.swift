import OrderedJSON

/// One box a model named in a reply.
public struct GroundedBox: Sendable, Equatable {
  /// In original pixels, corners in order, inside the picture.
  public let box: PixelBox
  public let label: String?

  public init(box: PixelBox, label: String?) {
    self.box = box
    self.label = label
  }
}

/// The boxes in a reply of the form `[{"bbox_2d": [x1, y1, x2, y2], "label": "scratch"}, …]`, fenced or not.
///
/// A model gives coordinates of the picture it saw, which the image processor resized; they are brought back
/// to the original. Inverted corners are swapped, boxes are clamped to the picture, empty ones dropped. When
/// the limit of tokens cut the list, the boxes before the cut are kept.
public struct GroundingReply: Sendable, Equatable {
  public let boxes: [GroundedBox]
  /// Whether a list or an object in the reply was not closed.
  public let isTruncated: Bool

  /// - Parameters:
  ///   - resized: size of the picture as the model saw it.
  ///   - original: size of the picture in its file.
  public init(
    _ reply: String, resized: (width: Int, height: Int), original: (width: Int, height: Int)
  ) {
    let scaleX = resized.width > 0 ? Double(original.width) / Double(resized.width) : 1
    let scaleY = resized.height > 0 ? Double(original.height) / Double(resized.height) : 1
    var found: [(PixelBox, String?)] = []
    var open = 0
    ReplyBytes.with(reply) { bytes in
      var index = 0
      while index < bytes.count {
        guard bytes[index] == UInt8(ascii: "{") else {
          if bytes[index] == UInt8(ascii: "[") { open += 1 }
          if bytes[index] == UInt8(ascii: "]") { open -= 1 }
          index += 1
          continue
        }
        let end = GroundingReply.end(ofObjectAt: index, in: bytes)
        if let end, let object = try? JSON(parsing: Array(bytes[index..<end])),
          let entry = GroundingReply.entry(object)
        {
          found.append(entry)
          index = end
        } else {
          if end == nil { open += 1 }
          index += 1
        }
      }
    }
    if found.isEmpty, let box = PixelBox(firstIn: reply) { found = [(box, nil)] }
    boxes = found.compactMap { box, label in
      box.scaled(x: scaleX, y: scaleY).normalized(width: original.width, height: original.height)
        .map { GroundedBox(box: $0, label: label) }
    }
    isTruncated = open > 0
  }

  /// The index after the brace that closes an object, minding strings.
  private static func end(ofObjectAt start: Int, in bytes: ReplyBytes.Bytes) -> Int? {
    var depth = 0
    var inString = false
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if inString {
        if byte == UInt8(ascii: "\\") { index += 1 } else if byte == UInt8(ascii: "\"") { inString = false }
      } else if byte == UInt8(ascii: "\"") {
        inString = true
      } else if byte == UInt8(ascii: "{") {
        depth += 1
      } else if byte == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { return index + 1 }
      }
      index += 1
    }
    return nil
  }

  private static func entry(_ object: JSON) -> (PixelBox, String?)? {
    for key in ["bbox_2d", "bbox", "box"] {
      guard let values = object[key]?.array?.compactMap(\.double), values.count == 4 else { continue }
      let box = PixelBox(x1: values[0], y1: values[1], x2: values[2], y2: values[3])
      return (box, object["label"]?.string)
    }
    return nil
  }
}
