public import Images
public import OrderedJSON

/// Everything that is written about a scored set of images.
public struct ScoreReport: Sendable {
  public let rows: [ScoreRow]
  public let summary: ScoreSummary
  /// Where the scores come from: model, hash, protocol, references, threshold.
  public let origin: [JSON.Member]
  /// Base64 of a small JPEG by path: of the worst images only.
  public let thumbnails: [String: String]
  /// Paths of images that have an overlay in `overlays/`.
  public let overlays: Set<String>

  public init(
    rows: [ScoreRow], origin: [JSON.Member], thumbnails: [String: String] = [:], overlays: Set<String> = []
  ) {
    self.rows = rows
    summary = ScoreSummary(rows)
    self.origin = origin
    self.thumbnails = thumbnails
    self.overlays = overlays
  }

  /// The images a reader should see first: called defective or unclear, or with a probability above a half; the
  /// likeliest defects first.
  public static func worst(_ rows: [ScoreRow], atMost count: Int = 200) -> [ScoreRow] {
    likeliest(rows.filter { $0.decision != .good || ($0.probability ?? 0) >= 0.5 }, atMost: count)
  }

  /// The readable images with the highest probabilities, those without one before them: whatever the threshold, the
  /// ones that come first.
  public static func likeliest(_ rows: [ScoreRow], atMost count: Int = 200) -> [ScoreRow] {
    let ordered = rows.filter { $0.error == nil }.sorted { a, b in
      let (left, right) = (a.probability ?? 2, b.probability ?? 2)
      return left != right ? left > right : a.path.utf8.lexicographicallyPrecedes(b.path.utf8)
    }
    return Array(ordered.prefix(count))
  }

  /// The overlay of an image, relative to the folder of the results.
  public static func overlay(of path: String) -> String { "overlays/\(inner(path)).jpg" }
  /// The mask of an image, relative to the folder of the results.
  public static func mask(of path: String) -> String { "masks/\(inner(path)).png" }

  /// A path that cannot lead out of the folder it is put in, whatever an archive or a list calls its images; that of
  /// `../a.png` is not that of `a.png`.
  private static func inner(_ path: String) -> String {
    path.split(separator: "/").filter { $0 != "." }.map { $0 == ".." ? "%2E%2E" : $0 }.joined(separator: "/")
  }

  /// Names and contents of the files, `run.json` last: where it is, the others are.
  /// - Parameter masks: of images with boxes, where masks were made.
  public func files(masks: (ScoreRow) -> GreyImage? = { _ in nil }) -> [(name: String, text: String)] {
    let lines = rows.map { $0.json.serialized() + "\n" }.joined()
    let run = JSON.object(summary.members + origin)
    return [
      ("results.jsonl", lines), ("results.csv", ScoreTable.csv(rows)),
      (
        "annotations.coco.json",
        CocoAnnotations.json(rows, description: "AnomalyR1 scores", masks: masks).serialized()
      ),
      ("report.html", html), ("run.json", run.serialized(pretty: true) + "\n"),
    ]
  }
}
