import FoundationEssentials
import OrderedJSON
import Testing

/// What can be said of every job on the command line.
@Suite(.timeLimit(.minutes(1)))
struct SubmissionTests {
  @Test("What others have written is shown without what steers a terminal")
  func shownText() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let queue = try await AttendedQueue.start(scratch, program)
    func output(_ arguments: [String]) async throws -> String {
      let run = try await queue.run(arguments)
      #expect(run.code == 0, "\(run.error)")
      return run.output
    }
    _ = try await output(["eval", "--model", "model", "--data", "data", "--output", "out"])
    _ = try await output(["cancel", "1", "--reason", "\u{1B}]0;mine\u{7}\u{9B}2J in vain"])
    for arguments in [["events"], ["show", "1"], ["why", "1"]] {
      let shown = try await output(arguments)
      #expect(shown.contains("\u{FFFD}]0;mine\u{FFFD}\u{FFFD}2J in vain"), "\(shown.debugDescription)")
      #expect(!shown.unicodeScalars.contains { ["\u{1B}", "\u{7}", "\u{9B}"].contains($0) })
    }
    try await queue.stop()
  }

  @Test("Every setting of a job file can be given on the command line, and taken back in a clone")
  func settings() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let queue = try await AttendedQueue.start(scratch, program)
    let first = try await queue.document([
      "eval", "--model", "model", "--data", "data", "--output", "out", "--gpu", "2", "--set", "deadline=8h",
      "--set", "resources.cores=4", "--set", "labels={line: 7}",
    ])
    let spec = try #require(first["spec"])
    #expect(spec["resources"]?["gpu"]?.int == 2 && spec["resources"]?["cores"]?.int == 4, "\(spec)")
    #expect(spec["deadline"] != nil && spec["labels"]?["line"]?.string == "7", "\(spec)")

    let clone = try await queue.document([
      "clone", "\(first["id"]?.int ?? 0)", "--set", "resources.gpu=", "--set", "deadline=", "--set", "seed=2",
    ])
    #expect(clone["spec"]?["resources"]?["gpu"] == nil && clone["spec"]?["resources"]?["cores"]?.int == 4)
    #expect(clone["spec"]?["deadline"] == nil && clone["spec"]?["seed"]?.int == 2, "\(clone)")

    let file = try scratch.write(
      "kind: eval\nmodel: model\ndata: data\noutput: out\nseed: 1\nresources: {gpu: 1, memory: 1GB}\n",
      to: "job.yaml")
    let changed = try await queue.document(["submit", file, "--gpu", "3", "--set", "seed=5"])
    #expect(changed["spec"]?["seed"]?.int == 5 && changed["spec"]?["resources"]?["gpu"]?.int == 3)
    #expect(changed["spec"]?["resources"]?["memory"]?.int == 1_000_000_000, "\(changed)")

    // What a group has not, it has not more of; text is taken as it is.
    let text = try await queue.document(["submit", file, "--set", "labels.site=", "--set", "name=line #3"])
    #expect(text["spec"]?["labels"] == nil && text["spec"]?["name"]?.string == "line #3", "\(text)")
    let chain = try scratch.write(
      "jobs:\n"
        + ["{name: one, ", "{name: two, after: one, "]
        .map { "  - " + $0 + "kind: eval, model: model, data: data, output: out}\n" }.joined(),
      to: "chain.yaml")
    let lost = try await queue.run(["submit", chain, "--set", "after="])
    #expect(lost.code != 0 && lost.error.contains("of one job, and this file has 2"), "\(lost.error)")
    let watched = try await queue.run([
      "score", scratch.path, "--watch", "--model", "model", "--output", "out", "--set", "sed=2",
    ])
    #expect(watched.code != 0 && watched.error.contains("seed"), "\(watched.error)")

    for wrong in ["seed", "=2", "resources..gpu=1"] {
      let refused = try await queue.run(["submit", file, "--set", wrong])
      #expect(refused.code != 0 && refused.error.contains("is not written key=value"), "\(refused.error)")
    }
    let unknown = try await queue.run(["submit", file, "--set", "sed=2"])
    #expect(unknown.code != 0 && unknown.error.contains("seed"), "\(unknown.error)")
    try await queue.stop()
  }
}
