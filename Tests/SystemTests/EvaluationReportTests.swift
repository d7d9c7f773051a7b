import FoundationEssentials
import OrderedJSON
import Testing

/// An evaluation from the folder of pictures to the threshold, through the queue and the commands people type.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct EvaluationReportTests {
  private static let base = Repository.root + "/models/demo-base"

  /// A plain folder with references, made of the pictures the program draws.
  private func plainFolder(_ program: Program) async throws -> String {
    let made = try await program.run([
      "data", "generate", "--output", "drawn", "--seed", "3", "--training", "40", "--held-out", "4",
      "--inbox", "1",
    ])
    try #require(made.code == 0, "\(made.error)")
    let files = FileManager.default
    let washer = program.folder + "/drawn/train/DS-Demo/washer/image"
    let parts = program.folder + "/parts"
    try files.createDirectory(atPath: parts + "/anomalous", withIntermediateDirectories: true)
    try files.copyItem(atPath: washer + "/good", toPath: parts + "/normal")
    try files.copyItem(
      atPath: program.folder + "/drawn/train/Demo-AD/washer/train/good", toPath: parts + "/reference")
    for kind in ["crack", "stain"] {
      try files.copyItem(atPath: washer + "/" + kind, toPath: parts + "/anomalous/" + kind)
    }
    return parts
  }

  @Test(
    "a plain folder is checked, evaluated with retrieved references and shuffled options, compared and calibrated"
  )
  func plainFolder() async throws {
    let system = try await RunningSystem.start()
    let program = system.program
    let parts = try await plainFolder(program)
    let survey = try await program.document(["data", "check", parts])
    #expect(survey["layout"]?.string == "plain" && survey["complete"]?.bool == true)
    // A reference that looks just like one of the pictures is the one to be found for it.
    let twin = try #require(
      try FileManager.default.contentsOfDirectory(atPath: parts + "/normal").sorted().first)
    try FileManager.default.copyItem(
      atPath: "\(parts)/normal/\(twin)", toPath: parts + "/reference/twin.png")
    let run = try await program.run([
      "eval", "--model", Self.base, "--data", parts, "--reference-source", "similar", "--option-order",
      "shuffled",
      "--seed", "2", "--max-new-tokens", "64", "--output", "eval", "--wait",
    ])
    try #require(run.code == 0, "\(run.error)\(run.output)")
    for name in ["report.txt", "report.csv", "report.tex", "report.html", "answers.json"] {
      #expect(FileManager.default.fileExists(atPath: program.folder + "/eval/" + name), "\(name)")
    }
    let report = try JSON(parsing: Array(Program.text(program.folder + "/eval/report.json").utf8))
    #expect(report["origin"]?["protocol"]?.string == "paper")
    #expect(report["origin"]?["reference_source"]?.string == "similar")
    #expect(report["origin"]?["option_order"]?.string == "shuffled")
    let answers =
      try JSON(parsing: Array(Program.text(program.folder + "/eval/answers.json").utf8)).array ?? []
    #expect(answers.count == survey["images"]?.int.map { $0 - 4 })
    #expect(answers.allSatisfy { ["AB", "BA"].contains($0["shown_order"]?.string) })

    let retrieved = answers.first { $0["image"]?.string?.hasSuffix("test/good/\(twin)") == true }
    #expect(
      retrieved?["references"]?.array?.compactMap(\.string) == [parts + "/reference/twin.png"])

    let same = try await program.document(["eval", "compare", "eval", "eval"])
    #expect(same["all"]?["p"]?.double == 1 && same["all"]?["questions"]?.int == answers.count)
    let calibration = try await program.document(["calibrate", "eval", "--output", "threshold.json"])
    #expect(calibration["images"]?["auroc"]?.double == report["scores"]?["parts"]?["auroc"]?.double)
    #expect(Program.text(program.folder + "/threshold.json").contains("\"threshold\""))
    let page = try await program.document(["eval", "report", "eval", "--data", parts, "--output", "again"])
    #expect(page["files"]?.array?.contains("again/report.html") == true)
    #expect(Program.text(program.folder + "/again/report.html").contains("data:image/jpeg"))
    try await system.stop()
  }

  @Test(
    "the benchmark's protocol with references and knowledge, and the released one, are asked and counted as named"
  )
  func protocols() async throws {
    let system = try await RunningSystem.start()
    let program = system.program
    let made = try await program.run([
      "data", "generate", "--output", "drawn", "--seed", "3", "--training", "4", "--held-out", "8", "--inbox",
      "1",
    ])
    try #require(made.code == 0, "\(made.error)")
    func answers(_ output: String, _ options: [String]) async throws -> (report: JSON, records: [JSON]) {
      let run = try await program.run(
        [
          "eval", "--model", Self.base, "--data", "drawn/heldout", "--output", output, "--limit", "20",
          "--max-new-tokens", "48", "--wait",
        ] + options)
      try #require(run.code == 0, "\(run.error)\(run.output)")
      #expect(run.output.contains("Anomaly Detection") && run.output.contains("\(output)/report.html"))
      func document(_ name: String) throws -> JSON {
        try JSON(parsing: Array(Program.text("\(program.folder)/\(output)/\(name)").utf8))
      }
      // The file of answers gives the same tables without the queue.
      let report = try document("report.json")
      let counted = try await program.document(["eval", "score", "\(output)/answers.json"])
      #expect(counted["strict"] == report["strict"] && counted["upstream"] == report["upstream"])
      return (report, try document("answers.json").array ?? [])
    }
    let benchmark = try await answers(
      "mmad", ["--protocol", "mmad", "--references", "2", "--domain-knowledge", "true"])
    #expect(benchmark.report["origin"]?["protocol"]?.string == "mmad")
    #expect(benchmark.report["origin"]?["references"]?.string == "2")
    #expect(benchmark.report["origin"]?["domain_knowledge"]?.string == "true")
    #expect(benchmark.records.count == 20)
    #expect(benchmark.records.allSatisfy { $0["references"]?.array?.count == 2 && $0["thinking"] == nil })
    let released = try await answers("released", ["--protocol", "paper-released"])
    #expect(released.report["origin"]?["protocol"]?.string == "paper-released")
    #expect(released.records.allSatisfy { $0["references"] == nil && $0["thinking"] != nil })

    try FileManager.default.removeItem(atPath: program.folder + "/drawn/heldout/domain_knowledge.json")
    let without = try await program.run([
      "eval", "--model", Self.base, "--data", "drawn/heldout", "--output", "none", "--protocol", "mmad",
      "--domain-knowledge", "true", "--wait",
    ])
    #expect(without.code == 1 && without.output.contains("domain_knowledge.json"))
    try await system.stop()
  }
}
