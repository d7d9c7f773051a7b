import Images
public import OrderedJSON

/// What is known of one scored image: a line of `results.jsonl`.
public struct ScoreRow: Sendable, Equatable {
  public enum Decision: String, Sendable, Equatable, CaseIterable {
    case defect, good
    /// The reply named neither.
    case unclear
  }

  /// A part of a large image that was looked at by itself.
  public struct Tile: Sendable, Equatable {
    /// In pixels of the image.
    public let box: PixelBox
    public let probability: Double?

    public init(box: PixelBox, probability: Double?) {
      self.box = box
      self.probability = probability
    }
  }

  /// As the source of the images names it: relative to the folder or archive, or as a list has it. No two rows of a
  /// report have the same.
  public var path: String
  /// Where it lies: its file, or the archive with its path in there. Rows of the same file are of the same picture,
  /// whichever run they come from; `nil` where only `path` is known.
  public var file: String?
  /// The class of product it belongs to, where references or a table say so.
  public var category: String?
  /// SHA-256 of the file's bytes.
  public var sha256: String?
  /// With the orientation of the file applied.
  public var width: Int?
  public var height: Int?
  /// Whether the file has grey above 255, which the model has seen as white.
  public var isClipped = false
  /// What the model said.
  public var answer: Decision?
  /// Of a defect, from the logits of the two answers, 0 to 1.
  public var probability: Double?
  /// What follows from the answer, or from the probability where a threshold decides; `nil` with an error.
  public private(set) var decision: Decision?
  public var reasoning: String?
  /// In pixels of the image.
  public var boxes: [GroundedBox] = []
  /// Whether the model was asked where the defects are.
  public var isLocated = false
  /// Empty for an image that was looked at as a whole.
  public var tiles: [Tile] = []
  /// Pictures of good products it was compared with.
  public var references = 0
  /// Why there is no decision.
  public var error: String?
  /// The image has ended the processes that read it, and is not opened again.
  public var isQuarantined = false

  public init(path: String, category: String? = nil) {
    self.path = path
    self.category = category
  }

  /// Decides: with a threshold by the probability, without one by the answer.
  public mutating func decide(by threshold: Double?) {
    if error != nil {
      decision = nil
    } else if let threshold {
      decision = probability.map { $0 >= threshold ? .defect : .good } ?? .unclear
    } else {
      decision = answer ?? .unclear
    }
  }
}

extension ScoreRow {
  public var json: JSON {
    .object([
      .init("path", .string(path)),
      .init("file", file.map(JSON.string) ?? .null),
      .init("class", category.map(JSON.string) ?? .null),
      .init("sha256", sha256.map(JSON.string) ?? .null),
      .init("width", width.map { .integer($0) } ?? .null),
      .init("height", height.map { .integer($0) } ?? .null),
      .init("clipped", .bool(isClipped)),
      .init("decision", decision.map { .string($0.rawValue) } ?? .null),
      .init("defect_probability", probability.map(JSON.number) ?? .null),
      .init("answer", answer.map { .string($0.rawValue) } ?? .null),
      .init("reasoning", reasoning.map(JSON.string) ?? .null),
      .init("boxes", .array(boxes.map(Self.json))),
      .init("located", .bool(isLocated)),
      .init(
        "tiles",
        .array(
          tiles.map {
            .object([
              .init("box", Self.json($0.box)),
              .init("defect_probability", $0.probability.map(JSON.number) ?? .null),
            ])
          })),
      .init("references", .integer(references)),
      .init("error", error.map(JSON.string) ?? .null),
      .init("quarantined", .bool(isQuarantined)),
    ])
  }

  /// - Throws: ``ScoreError`` for an object that is no row, or states a size or a probability that is none.
  public init(_ json: JSON) throws(ScoreError) {
    guard let path = json["path"]?.string else {
      throw ScoreError("a row of results has no path: \(json.serialized().prefix(120))")
    }
    func refused(_ key: String, _ form: String) -> ScoreError {
      ScoreError("the row of \(path) has a \(key) that is no \(form): \(json[key]?.serialized() ?? "none")")
    }
    var left = DecodeLimits.standard.maximumPixels
    for key in ["width", "height"] {
      guard let value = json[key], !value.isNull else { continue }
      guard let side = value.int, side > 0, side <= left else { throw refused(key, "size of a picture") }
      left /= side
    }
    if let value = json["defect_probability"], !value.isNull, !(0...1).contains(value.double ?? -1) {
      throw refused("defect_probability", "number from 0 to 1")
    }
    self.init(path: path, category: json["class"]?.string)
    file = json["file"]?.string
    sha256 = json["sha256"]?.string
    width = json["width"]?.int
    height = json["height"]?.int
    isClipped = json["clipped"]?.bool ?? false
    answer = json["answer"]?.string.flatMap(Decision.init(rawValue:))
    probability = json["defect_probability"]?.double
    decision = json["decision"]?.string.flatMap(Decision.init(rawValue:))
    reasoning = json["reasoning"]?.string
    boxes = (json["boxes"]?.array ?? []).compactMap { entry in
      Self.box(entry["box"]).map { GroundedBox(box: $0, label: entry["label"]?.string) }
    }
    isLocated = json["located"]?.bool ?? false
    tiles = (json["tiles"]?.array ?? []).compactMap { entry in
      Self.box(entry["box"]).map { Tile(box: $0, probability: entry["defect_probability"]?.double) }
    }
    references = json["references"]?.int ?? 0
    error = json["error"]?.string
    isQuarantined = json["quarantined"]?.bool ?? false
  }

  private static func json(_ grounded: GroundedBox) -> JSON {
    .object([
      .init("box", json(grounded.box)), .init("label", grounded.label.map(JSON.string) ?? .null),
    ])
  }

  private static func json(_ box: PixelBox) -> JSON {
    .array([box.x1, box.y1, box.x2, box.y2].map(JSON.number))
  }

  private static func box(_ json: JSON?) -> PixelBox? {
    let corners = (json?.array ?? []).compactMap(\.double)
    return corners.count == 4
      ? PixelBox(x1: corners[0], y1: corners[1], x2: corners[2], y2: corners[3]) : nil
  }
}

/// Results that cannot be read.
public struct ScoreError: Error, CustomStringConvertible, Equatable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
