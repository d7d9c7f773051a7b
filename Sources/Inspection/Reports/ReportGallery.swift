import Images

/// Answers with their pictures, worst first: surest mistakes about defects, then other wrong answers and unreadable ones,
/// then what was right with the least certainty.
public struct ReportGallery: Sendable {
  public struct Entry: Sendable {
    public let record: AnswerRecord
    /// A small JPEG with the defect tinted where a mask is known; `nil` where the picture cannot be read.
    public let thumbnail: [UInt8]?
    /// A small JPEG of the first reference shown with it.
    public let reference: [UInt8]?
  }

  public let entries: [Entry]
  /// Answers there were to choose from.
  public let total: Int

  /// - Parameters:
  ///   - samples: the pictures; records of others are shown without.
  ///   - limit: entries at most. Each takes some 20 kB of a page.
  public init(records: [AnswerRecord], samples: [InspectionSample], limit: Int = 60) {
    total = records.count
    let byName = Dictionary(samples.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    // A picture is shown with its worst answer only, so that one bad picture does not fill the page.
    var shown: Set<String> = []
    let worst = records.enumerated().sorted {
      let (a, b) = (Self.badness($0.element), Self.badness($1.element))
      return a == b ? $0.offset < $1.offset : a > b
    }.map(\.element).filter { shown.insert($0.image).inserted }.prefix(limit)
    entries = worst.map { record in
      guard let sample = byName[record.image] else {
        return Entry(record: record, thumbnail: nil, reference: nil)
      }
      let template = record.references.first.map { sample.path(ofName: $0) }
      return Entry(
        record: record, thumbnail: Self.thumbnail(sample.imagePath, mask: sample.maskPath),
        reference: template.flatMap { Self.thumbnail($0, mask: nil) })
    }
  }

  /// How wrong an answer is: 2 to 3 for wrong ones by how sure they were, 1 to 2 for unreadable ones, below 1 for right
  /// ones.
  static func badness(_ record: AnswerRecord) -> Double {
    // Distance of the probability from the truth; one half where none is known.
    let distance = record.defectProbability.map { record.isNormal ? $0 : 1 - $0 } ?? 0.5
    if record.isRight { return distance }
    return (record.hasReadableAnswer ? 2 : 1) + distance
  }

  private static func thumbnail(_ path: String, mask: String?, side: Int = 240) -> [UInt8]? {
    guard var image = try? ImageFile.decode(path: path) else { return nil }
    if let mask, let defect = try? DefectMask(paths: [mask]),
      (defect.width, defect.height) == (image.width, image.height)
    {
      let tint = GreyImage(
        width: defect.width, height: defect.height, pixels: defect.isDefective.map { $0 ? 255 : 0 })
      try? image.blend(mask: tint, opacity: 0.35)
    }
    let size = ImageBound(width: side, height: side).fitted(width: image.width, height: image.height)
    if size != (image.width, image.height) {
      image = image.resizedLanczos(width: size.width, height: size.height)
    }
    return try? image.jpeg(quality: 80)
  }
}
