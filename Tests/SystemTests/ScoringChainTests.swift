import FoundationEssentials
import Images
import OrderedJSON
import Testing

/// From a model that points at defects to masks, a calibrated threshold and decisions by it, through the commands people
/// type.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct ScoringChainTests {
  private static let segmenter = Repository.root + "/Tests/Golden/sam2/model"
  /// Where the model is taught to point.
  private static let box = (x1: 10, y1: 20, x2: 60, y2: 70)

  private let system: RunningSystem
  private let data: String

  init() async throws {
    system = try await RunningSystem.start()
    data = system.scratch.path + "/data"
    let made = try await system.program.run([
      "data", "generate", "--output", data, "--seed", "5", "--training", "16", "--held-out", "16", "--inbox",
      "16",
    ])
    try #require(made.code == 0, "\(made.error)")
  }

  /// Teaches the base to answer with a letter and a box, as it has learnt neither box nor JSON.
  /// - Returns: the model's folder.
  private func taughtModel() async throws -> String {
    let root = data + "/train"
    let index = try JSON(parsing: Array(Program.text(root + "/mmad.json").utf8)).members ?? []
    let problem =
      "Locate every defect in the image. Report the bounding box coordinates in JSON format, as a list of "
      + "{\"bbox_2d\": [x1, y1, x2, y2], \"label\": \"kind of defect\"}."
    let box = Self.box
    let rows = index.map { entry in
      JSON.object([
        .init("image", .string(entry.key)), .init("problem", .string(problem)),
        .init(
          "solution", .string("A. {\"bbox_2d\": [\(box.x1), \(box.y1), \(box.x2), \(box.y2)]}")),
      ]).serialized()
    }
    let file = try system.scratch.write(rows.joined(separator: "\n"), to: "rows.jsonl")
    let job = try await system.submit([
      "kind: train", "method: sft", "model: \(Repository.root)/models/demo-base", "data: \(file)",
      "images: \(root)", "output: taught", "steps: 80", "prompts_per_step: 4", "learning_rate: 0.002",
      "schedule: constant", "save_every: 80", "max_new_tokens: 64", "seed: 7",
    ])
    _ = try await system.succeed(job)
    return system.scratch.path + "/taught/model"
  }

  private func rows(_ output: String) throws -> [JSON] {
    try Program.text(system.scratch.path + "/" + output + "/results.jsonl").split(separator: "\n")
      .map { try JSON(parsing: Array($0.utf8)) }
  }

  private func score(_ output: String, model: String, threshold: String) async throws -> String {
    let run = try await system.program.run([
      "score", data + "/inbox", "--model", model, "--threshold", threshold, "--segmenter", Self.segmenter,
      "--max-new-tokens", "64", "--output", output, "--cache", "kept", "--wait",
    ])
    try #require(run.code == 0, "\(run.error)\(run.output)")
    return run.output
  }

  @Test(
    "SAM2 makes the masks of what a model points at, and a threshold calibrated later decides as one given before"
  )
  func chain() async throws {
    let model = try await taughtModel()
    _ = try await score("night", model: model, threshold: "0")
    try checkMasks()

    let calibration = try await system.program.document([
      "calibrate", "night", "--labels", data + "/inbox-truth.csv", "--output", "threshold.json",
    ])
    let threshold = try #require(calibration["threshold"]?["threshold"]?.double)
    #expect(calibration["images"]?["defective"]?.int == 8 && calibration["images"]?["good"]?.int == 8)
    let decided = try await system.program.document([
      "score", "threshold", "night", "--threshold", "threshold.json",
    ])
    let night = try rows("night")
    #expect(
      night.filter { $0["error"]?.isNull == true }.allSatisfy {
        ($0["decision"]?.string == "defect") == (($0["defect_probability"]?.double ?? 0) >= threshold)
      })
    #expect(decided["defective"]?.int == night.count { $0["decision"]?.string == "defect" })

    // Nothing is computed anew for a run that knows the threshold from the start, and it says the same.
    let said = try await score("again", model: model, threshold: "threshold.json")
    #expect(said.contains("16 of them from the cache"))
    #expect(try rows("again") == night)
    let run = try JSON(parsing: Array(Program.text(system.scratch.path + "/night/run.json").utf8))
    #expect(run["threshold"]?.double == threshold)
    try await checkOverlap(model)
    try await system.stop()
  }

  /// Masks of the images' size, white where SAM2 sees the defect, and their runs among the annotations.
  private func checkMasks() throws {
    let output = system.scratch.path + "/night"
    let scored = try rows("night").filter { $0["error"]?.isNull == true }
    let path = try #require(scored.first?["path"]?.string)
    #expect(scored.allSatisfy { $0["boxes"]?.array?.count == 1 }, "the model was taught to point")
    let mask = try ImageFile.decode(path: "\(output)/masks/\(path).png")
    let overlay = try ImageFile.decode(path: "\(output)/overlays/\(path).jpg")
    #expect(mask.width == scored[0]["width"]?.int && mask.height == scored[0]["height"]?.int)
    #expect(overlay.width == mask.width && overlay.height == mask.height)
    let white = stride(from: 0, to: mask.pixels.count, by: 3).map { mask.pixels[$0] }
    #expect(Set(white).isSubset(of: [0, 255]))

    let coco = try JSON(parsing: Array(Program.text(output + "/annotations.coco.json").utf8))
    let annotations = coco["annotations"]?.array ?? []
    #expect(annotations.count == scored.count)
    let first = try #require(annotations.first)
    #expect(first["bbox"]?.array?.compactMap(\.double) == [10, 20, 50, 50])
    // COCO's runs go down the columns, zeros first.
    var covered: [Bool] = []
    for (index, count) in (first["segmentation"]?["counts"]?.array ?? []).compactMap(\.int).enumerated() {
      covered += Array(repeating: index % 2 == 1, count: count)
    }
    try #require(covered.count == mask.width * mask.height)
    var differences = 0
    for y in 0..<mask.height {
      for x in 0..<mask.width {
        let inBox = (Self.box.x1..<Self.box.x2).contains(x) && (Self.box.y1..<Self.box.y2).contains(y)
        if covered[x * mask.height + y] != (inBox && white[y * mask.width + x] == 255) { differences += 1 }
      }
    }
    #expect(differences == 0)
    #expect(first["area"]?.int == covered.count { $0 })
    let filled = (Self.box.x2 - Self.box.x1) * (Self.box.y2 - Self.box.y1)
    let masks = Set(annotations.compactMap { $0["area"]?.int })
    #expect(masks != [filled], "SAM2 saw more in the boxes than boxes")
  }

  /// An evaluation knows which of its pictures a model from here was trained on.
  private func checkOverlap(_ model: String) async throws {
    for (part, shared) in [("train", 4), ("heldout", 0)] {
      let run = try await system.program.run([
        "eval", "--model", model, "--data", "\(data)/\(part)", "--references", "0", "--question-types",
        "Anomaly Detection", "--limit", "4", "--max-new-tokens", "8", "--output", "eval-\(part)", "--wait",
      ])
      try #require(run.code == 0, "\(run.error)\(run.output)")
      let report = try JSON(
        parsing: Array(Program.text("\(system.scratch.path)/eval-\(part)/report.json").utf8))
      #expect(report["training_overlap"]?["trained"]?.int == 16)
      #expect(report["training_overlap"]?["shared"]?.array?.count == shared)
      #expect(run.output.contains("these numbers are too good") == (shared > 0))
    }
  }
}
