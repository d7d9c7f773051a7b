import ArgumentParser
import CoordinatorClient
import FoundationEssentials
import JobModel
import OrderedJSON

/// What `ar1 score IMAGES` does: submits the job, or a job for whatever is new in a folder.
struct ScoreRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Submit the inspection of images ('ar1 score IMAGES' for short).",
    discussion: """
      IMAGES is a folder, searched downwards; a quoted pattern ('line3/*/*.png'); a .tar archive; a list of paths \
      (.txt, or .csv with the column path); or one image. PNG, JPEG, TIFF, WebP and BMP are read.

      The output folder gets results.jsonl, results.csv, annotations.coco.json, report.html (worst first), run.json, \
      and for defective images overlays/ and masks/. A broken image gets a row with its error, and the rest is \
      scored. Scores are kept by content in the cache: another run with the same model and prompt computes only what \
      is new, and an interrupted one goes on where it was.

      With --wait the exit code is 0, or 5 where more images failed than --max-errors allows.

      Example: ar1 score night-shift/ --model models/trained --reference good.png --output results/night --wait
      """)

  @Argument(help: "Folder, pattern, .tar, list or image.", completion: .directory) var images: String
  @Option(help: "Folder of the model that inspects.", completion: .directory) var model: String?
  @Option(help: "How its weights are held: float32, bfloat16 or int8 (float32).") var dtype: String?
  @Option(
    help: """
      Picture of a good product to compare with; repeat it for several. Or one folder of pictures, one with a folder \
      per class, or a .csv of the columns class and path.
      """, completion: .file()) var reference: [String] = []
  @Option(help: "How many of a class's references are shown with an image.") var referenceCount: Int?
  @Option(help: "A .csv of the columns path and class.", completion: .file(extensions: ["csv"])) var classes:
    String?
  @Option(
    name: [.customLong("out"), .customLong("output")], help: "Folder for the results.",
    completion: .directory) var output: String?
  @Option(
    help: "Folder of kept scores, to share between runs (the folder cache in the output).",
    completion: .directory) var cache: String?
  @Option(help: "What the pictures show, for the prompt.") var product: String?
  @Option(name: .customLong("protocol"), help: "mmad, paper, paper-released or paper-released-training.")
  var promptProtocol: String?
  @Option(
    help:
      "A probability, or a file of 'ar1 calibrate', from which an image counts as defective (the answer decides).",
    transform: ThresholdArgument.value)
  var threshold: Double?
  @Option(help: "How many images may fail: '1%' or a number (any).") var maxErrors: String?
  @Option(help: "Look at larger images in tiles of so many pixels (they are shrunk to the protocol's size).")
  var tileSize: Int?
  @Option(help: "Pixels that neighbouring tiles share (a tenth of the tile).") var tileOverlap: Int?
  @Option(
    help: "Folder of a SAM2 model that makes masks of boxes (boxes are filled).", completion: .directory)
  var segmenter: String?
  @Flag(help: "Keep the results that the output holds already; new ones join them.") var append = false
  @Option(help: "Images per shard.") var shardSize: Int?
  @Option(help: "Longest answer in tokens (as the protocol prescribes).") var maxNewTokens: Int?
  @Option(help: "Seed.") var seed: Int?
  @Flag(help: "Go on: score what is new in the folder, again and again, until interrupted.") var watch = false
  @Option(help: "Seconds between two looks into the folder, with --watch.") var watchInterval: Double = 10

  @OptionGroup var submission: SubmissionOptions

  func validate() throws {
    if tileOverlap != nil, tileSize == nil { throw ValidationError("--tile-overlap needs --tile-size") }
    guard (0.1...86_400).contains(watchInterval) else {
      throw ValidationError("--watch-interval is 0.1 to 86400 seconds")
    }
    if watch, output == nil { throw ValidationError("--watch needs --output") }
    if watch, submission.json { throw ValidationError("--watch prints no JSON document, as it does not end") }
    if watch, submission.dryRun { throw ValidationError("--dry-run looks at one job; leave --watch out") }
    if watch {
      try submission.refuse(
        ["kind", "images", "output", "append", "cache"],
        "that --watch gives its jobs itself, or an option does")
    }
    if watch, submission.wait {
      throw ValidationError("--watch waits for every job anyway; leave --wait out")
    }
  }

  func run() async throws {
    if watch {
      try await ScoreWatch(
        folder: absolute(images), output: absolute(output ?? ""), interval: watchInterval,
        client: try submission.connection.client(),
        settings: settings, completing: submission.applied
      ).untilInterrupted()
      return
    }
    try await submission.submit(
      kind: .score, [("images", .text(images)), ("append", append ? true : nil)] + settings)
  }

  /// Everything but the images.
  private var settings: [(key: String, value: JSON?)] {
    let tiling = tileSize.map { size in
      JSON.object(
        [.init("size", .integer(size))] + (tileOverlap.map { [.init("overlap", .integer($0))] } ?? []))
    }
    return [
      ("model", .text(model)), ("dtype", .text(dtype)),
      ("reference", reference.isEmpty ? nil : .array(reference.map(JSON.string))),
      ("reference_count", .whole(referenceCount)), ("classes", .text(classes)), ("output", .text(output)),
      ("cache", .text(cache)), ("product", .text(product)), ("protocol", .text(promptProtocol)),
      ("threshold", .real(threshold)), ("max_errors", .text(maxErrors)), ("tiling", tiling),
      ("segmenter", .text(segmenter)),
      ("shard_size", .whole(shardSize)), ("max_new_tokens", .whole(maxNewTokens)), ("seed", .whole(seed)),
    ]
  }

  private func absolute(_ path: String) -> String {
    AbsolutePath.of(path, relativeTo: FileManager.default.currentDirectoryPath) ?? path
  }
}
