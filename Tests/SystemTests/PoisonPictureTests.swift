import FoundationEssentials
import OrderedJSON
import Testing

/// One torn picture among good ones: it is taken out and named, and everything else is done.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct PoisonPictureTests {
  @Test(
    "An evaluation and a rollout set a torn picture aside, name it, and finish the rest; without any good one they fail"
  )
  func torn() async throws {
    let (system, data) = try await TrainingTests.prepared()
    let root = data + "/heldout"
    let pictures = try FileManager.default.subpathsOfDirectory(atPath: root)
      .filter { $0.contains("/image/") && $0.contains(".") }.sorted()
    let torn = try #require(pictures.dropFirst(3).first)
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: root + "/" + torn))
    let common = ["model: \(TrainingTests.base)", "data: \(root)", "references: 0", "max_new_tokens: 24"]

    let evaluation = try await system.submit(["kind: eval", "output: eval", "shard_size: 20"] + common)
    _ = try await system.succeed(evaluation)
    let folder = system.scratch.path + "/eval"
    let report = try JSON(parsing: Array(Program.text(folder + "/report.json").utf8))
    let aside = report["set_aside"]?.array ?? []
    #expect(aside.count == 1 && aside.first?["image"]?.string?.hasSuffix(torn) == true, "\(aside)")
    let missing = try #require(aside.first?["questions"]?.int)
    let answers = try JSON(parsing: Array(Program.text(folder + "/answers.json").utf8)).array ?? []
    #expect(missing > 0 && !answers.contains { $0["image"]?.string?.hasSuffix(torn) == true })
    #expect(Program.text(folder + "/report.txt").contains("\(missing) not asked as 1 picture is set aside"))
    #expect(Program.text(folder + "/report.html").contains("set aside"))
    let log = try await system.program.run(["logs", "\(evaluation)"]).output
    #expect(log.contains("is set aside") && log.contains(torn), "\(log)")

    let count = (report["answers"]?.int ?? 0) + missing
    let rollout = try await system.submit(
      ["kind: rollout", "output: groups", "count: \(count)", "group_size: 2", "shard_size: 16"] + common)
    let detail = try await system.succeed(rollout)
    let groups = try Program.text(system.scratch.path + "/groups/groups.jsonl").split(separator: "\n")
      .map { try JSON(parsing: Array($0.utf8)) }
    let result = (detail["tasks"]?.array ?? []).first { $0["kind"]?.string == "report" }?["result"]
    #expect(result?["set_aside"]?.int == count - groups.count && groups.count < count)
    #expect(!groups.contains { $0["prompt"]?["sample"]?.string?.hasSuffix(torn) == true })

    for picture in pictures { try Data("no".utf8).write(to: URL(fileURLWithPath: root + "/" + picture)) }
    let hopeless = try await system.submit(["kind: eval", "output: none"] + common)
    _ = try await system.program.run(["wait", "\(hopeless)"])
    let failure = try await system.detail(hopeless)["job"]?["failure"]?["message"]?.string
    #expect(failure?.contains("questions can be asked") == true, "\(failure ?? "no failure")")
    try await system.stop()
  }
}
