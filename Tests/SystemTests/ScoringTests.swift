import FoundationEssentials
import Glibc
import Images
import LocalPostgres
import OrderedJSON
import Testing

/// Scoring of many images by real processes, some of them killed.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ScoringTests {
  private static let base = Repository.root + "/models/demo-base"

  private func prepared(images: Int, workers: Int) async throws -> (RunningSystem, inbox: String) {
    let system = try await RunningSystem.start(workers: workers)
    let data = system.scratch.path + "/data"
    let made = try await system.program.run([
      "data", "generate", "--output", data, "--seed", "5", "--training", "4", "--held-out", "4", "--inbox",
      "\(images)",
    ])
    try #require(made.code == 0, "\(made.error)")
    return (system, data + "/inbox")
  }

  private func rows(_ system: RunningSystem, _ output: String) throws -> [JSON] {
    try Program.text(system.scratch.path + "/" + output + "/results.jsonl").split(separator: "\n")
      .map { try JSON(parsing: Array($0.utf8)) }
  }

  private func score(_ system: RunningSystem, _ arguments: [String]) async throws -> Program.Run {
    try await system.program.run(
      ["score"] + (arguments.contains("--model") ? arguments : arguments + ["--model", Self.base])
        + ["--max-new-tokens", "48", "--wait"])
  }

  @Test(
    "A run whose workers are killed again and again has every image once; another run computes none of them again"
  )
  func killed() async throws {
    let (system, inbox) = try await prepared(images: 600, workers: 2)
    let job = try await system.submit([
      "kind: score", "model: \(Self.base)", "images: \(inbox)", "output: scores", "max_new_tokens: 48",
      "shard_size: 50",
    ])
    for kills in 0..<4 {
      do {
        try await system.killWorker(of: job, running: "shard") { detail in
          (detail["job"]?["progress"]?["done"]?.double ?? 0) >= Double(kills) * 60
        }
      } catch is SystemError where kills > 0 {
        break  // a fast machine is done
      }
    }
    let detail = try await system.succeed(job)
    let files = try FileManager.default.contentsOfDirectory(atPath: inbox).sorted()
    let rows = try rows(system, "scores")
    #expect(rows.compactMap { $0["path"]?.string } == files)
    let broken = rows.filter { $0["error"]?.string != nil }
    #expect(broken.compactMap { $0["path"]?.string }.allSatisfy { $0.contains("broken") })
    #expect(broken.count == 1)
    #expect(rows.count { $0["decision"]?.string != nil } == files.count - 1)
    #expect(
      rows.count { $0["quarantined"]?.bool == true } == 0, "a killed worker is not an image's fault")
    let interrupted = (detail["tasks"]?.array ?? []).filter { ($0["interruptions"]?.int ?? 0) > 0 }
    #expect(!interrupted.isEmpty, "the kills came too late to interrupt anything")

    let again = try await score(system, [inbox, "--output", "again", "--cache", "scores/cache"])
    #expect(again.code == 0, "\(again.error)")
    #expect(again.output.contains("600 of them from the cache"))
    #expect(try self.rows(system, "again") == rows)
    try await system.stop()
  }

  @Test("An image that kills its workers is set aside, named as such, and the others are scored")
  func poison() async throws {
    let (system, inbox) = try await prepared(images: 6, workers: 1)
    // Large enough that its reading can be caught in the act.
    let side = 12_000
    let slow = GreyImage(width: side, height: side, pixels: [UInt8](repeating: 90, count: side * side))
    try Data(slow.png()).write(to: URL(fileURLWithPath: inbox + "/poison.png"))
    let files = try FileManager.default.contentsOfDirectory(atPath: inbox).sorted()
    let poison = try #require(files.firstIndex(of: "poison.png"))
    let job = try await system.submit([
      "kind: score", "model: \(Self.base)", "images: \(inbox)", "output: scores", "max_new_tokens: 48",
    ])
    let logs = system.scratch.path + "/scores/shards/job-\(job)/in-hand"
    var killed: Set<String> = []
    try await system.until("the job is over") {
      // Who works is asked first, so that the kill follows at once on what the log says.
      let busy = try await system.program.document(["workers"])["workers"]?.array?.first {
        $0["tasks"]?.array?.isEmpty == false
      }
      for log in (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
      where !killed.contains(log) {
        let lines = Program.text(logs + "/" + log).split(separator: "\n")
        let isInHand = lines.contains("+\(poison)") || lines.contains("!\(poison)")
        guard isInHand, !lines.contains("-\(poison)"), let process = busy?["process"]?.int else { continue }
        if kill(pid_t(process), SIGKILL) == 0 { killed.insert(log) }
      }
      return try await ["succeeded", "failed"].contains(system.detail(job)["job"]?["state"]?.string)
    }
    let detail = try await system.succeed(job)
    #expect(killed.count == 4, "once among others, three times alone")
    let rows = try rows(system, "scores")
    #expect(rows.compactMap { $0["path"]?.string } == files)
    #expect(rows[poison]["quarantined"]?.bool == true)
    #expect(rows[poison]["error"]?.string?.contains("set aside") == true)
    #expect(rows.filter { $0["decision"]?.string != nil }.count == files.count - 2)
    let report = (detail["tasks"]?.array ?? []).first { $0["kind"]?.string == "report" }
    #expect(report?["result"]?["quarantined"]?.int == 1)
    #expect(Program.text(system.scratch.path + "/scores/report.html").contains("poison.png"))
    try await system.stop()
  }

  @Test("Outputs, threshold, budget, archive, appending and watching, as a person uses them")
  func outputs() async throws {
    let (system, inbox) = try await prepared(images: 40, workers: 1)
    let scratch = system.scratch.path
    let first = try await score(system, [inbox, "--output", "night", "--max-errors", "5%"])
    #expect(first.code == 0, "\(first.error)")
    #expect(first.output.contains("41 images"))
    let written = try FileManager.default.contentsOfDirectory(atPath: scratch + "/night")
    for name in ["results.jsonl", "results.csv", "annotations.coco.json", "report.html", "run.json"] {
      #expect(written.contains(name))
    }
    let strict = try await score(
      system, [inbox, "--output", "strict", "--max-errors", "0", "--cache", "night/cache"])
    #expect(strict.code == 5)
    #expect(strict.output.contains("than allowed (0)"))

    // Thresholds move images from good to defective and back; nothing else changes.
    let before = try rows(system, "night")
    let moved = try await system.program.document(["score", "threshold", "night", "--threshold", "0"])
    #expect(moved["defective"]?.int == before.filter { $0["defect_probability"]?.double != nil }.count)
    _ = try await system.program.document(["score", "threshold", "night", "--answers"])
    #expect(try rows(system, "night") == before)

    // The same pictures out of an archive are known by their content.
    let archive = scratch + "/night.tar"
    let tar = try ChildProcess.start(
      .init(
        program: "/bin/tar", arguments: ["-cf", archive, "-C", inbox, "."], folder: scratch,
        output: .file(scratch + "/tar.out"), error: .file(scratch + "/tar.err"), signalOnParentDeath: 15))
    #expect(await tar.waitForExit() == .code(0))
    let fromArchive = try await score(system, [archive, "--output", "tar", "--cache", "night/cache"])
    #expect(fromArchive.code == 0, "\(fromArchive.error)")
    #expect(
      try rows(system, "tar").compactMap { $0["path"]?.string } == before.compactMap { $0["path"]?.string })
    #expect(fromArchive.output.contains("from the cache"))

    // Two parts into one folder are as the whole.
    let names = before.compactMap { $0["path"]?.string }
    for (index, part) in [names.prefix(15), names.dropFirst(15)].enumerated() {
      let list = try system.scratch.write(
        "path,name\n" + part.map { "\(inbox)/\($0),\($0)\n" }.joined(), to: "part-\(index).csv")
      let run = try await score(system, [list, "--output", "parts", "--append", "--cache", "night/cache"])
      #expect(run.code == 0, "\(run.error)")
    }
    #expect(try rows(system, "parts") == before)

    // Another night's pictures of the same names join them, under names of their own, and none is overwritten.
    let other = scratch + "/other"
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: inbox + "/" + names[1], toPath: other + "/" + names[0])
    let joined = try await score(system, [other, "--output", "joined", "--append", "--cache", "night/cache"])
    #expect(joined.code == 0, "\(joined.error)")
    let added = try await score(system, [inbox, "--output", "joined", "--append", "--cache", "night/cache"])
    #expect(added.code == 0, "\(added.error)")
    let both = try rows(system, "joined")
    #expect(both.count == before.count + 1)
    #expect(both[0]["file"]?.string == other + "/" + names[0] && both[0]["path"]?.string == names[0])
    #expect(both[0]["sha256"] == before[1]["sha256"])
    #expect(
      both[1]["file"]?.string == inbox + "/" + names[0] && both[1]["path"]?.string == "inbox/" + names[0])
    #expect(both[1]["sha256"] == before[0]["sha256"])
    let mixed = try await score(
      system, [inbox, "--output", "joined", "--append", "--dtype", "bfloat16"])
    #expect(mixed.code == 1 && mixed.output.contains("dtype is float32 there and bfloat16 here"))
    #expect(try rows(system, "joined") == both)

    let watch = try system.program.start(
      [
        "score", inbox, "--model", Self.base, "--max-new-tokens", "48", "--output", "parts", "--cache",
        "night/cache",
        "--watch", "--watch-interval", "0.1",
      ], output: scratch + "/watch.out", error: scratch + "/watch.err")
    try await system.until("the watch has begun") {
      Program.text(scratch + "/watch.out").contains("watching")
    }
    try FileManager.default.copyItem(atPath: inbox + "/" + names[0], toPath: inbox + "/zz-new.png")
    try await system.until("the new image is scored") {
      if watch.exit != nil { throw SystemError("the watch ended: " + Program.text(scratch + "/watch.err")) }
      return try rows(system, "parts").count == before.count + 1
    }
    watch.signal(SIGTERM)
    _ = await watch.waitForExit()
    try await system.stop()
  }

  @Test("References by class, tiles and a list of mistakes are refused or used as asked")
  func settings() async throws {
    let (system, inbox) = try await prepared(images: 6, workers: 1)
    let reference = system.scratch.path + "/data/inbox-reference.png"
    let compared = try await score(
      system,
      [inbox, "--output", "compared", "--reference", reference, "--tile-size", "56", "--tile-overlap", "10"])
    #expect(compared.code == 0, "\(compared.error)")
    let scored = try rows(system, "compared").filter { $0["decision"]?.string != nil }
    #expect(!scored.isEmpty)
    // 84 x 84 pixels in tiles of 56.
    #expect(scored.allSatisfy { $0["tiles"]?.array?.count == 4 && $0["references"]?.int == 1 })

    let two = try await score(
      system, [inbox, "--output", "two", "--reference", reference, "--reference", reference])
    #expect(two.code == 1)
    #expect(two.output.contains("protocol mmad"))
    // What cannot work is told by the plan, before any image is looked at.
    for (options, named) in [
      (["--reference", "gone.png"], "gone.png"),
      (["--reference", inbox + "/part-006-broken.png"], "part-006-broken.png"),
      (["--segmenter", Self.base], "only \"sam2\""), (["--model", "gone-model"], "gone-model"),
      (["--model", inbox], "config.json"),
    ] {
      let run = try await score(system, [inbox, "--output", "refused"] + options)
      #expect(run.code == 1 && run.output.contains("(plan)") && run.output.contains(named), "\(run.output)")
    }
    // Weights in another form say something else of an image, so they have kept scores of their own.
    for form in ["float32", "bfloat16", "bfloat16"] {
      let run = try await score(system, [inbox, "--output", form, "--cache", "forms", "--dtype", form])
      #expect(run.code == 0, "\(run.error)")
      let document = try JSON(
        parsing: Array(Program.text("\(system.scratch.path)/\(form)/run.json").utf8))
      #expect(document["dtype"]?.string == form && document["failed"]?.int == 1)
    }
    let kept = try JSON(
      parsing: Array(Program.text(system.scratch.path + "/bfloat16/run.json").utf8))["from_cache"]?.int
    #expect(kept == 6, "the second run in this form, and not the first")
    let budget = try await score(system, [inbox, "--output", "budget", "--max-errors", "many"])
    #expect(budget.code != 0)
    #expect(budget.error.contains("max_errors"))
    try await system.stop()
  }
}
