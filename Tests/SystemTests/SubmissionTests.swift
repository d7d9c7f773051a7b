import FoundationEssentials
import LocalPostgres
import OrderedJSON
import Testing

/// What can be said of every job on the command line.
@Suite(.timeLimit(.minutes(1)))
struct SubmissionTests {
  @Test("Every setting of a job file can be given on the command line, and taken back in a clone")
  func settings() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let server = try await LocalPostgres.start(folder: scratch.path + "/pg", options: .init(durable: false))
    let coordinator = try CoordinatorProcess.start("coordinator", on: server, program)
    let token = try await CoordinatorProcess.secret("member", lab: "vision", on: server, scratch, program)
    let connection = ["--url", try await coordinator.url(), "--token-file", token]
    func submitted(_ arguments: [String]) async throws -> JSON {
      try await program.document(arguments + connection)
    }

    let first = try await submitted([
      "eval", "--model", "model", "--data", "data", "--output", "out", "--gpu", "2", "--set", "deadline=8h",
      "--set", "resources.cores=4", "--set", "labels={line: 7}",
    ])
    let spec = try #require(first["spec"])
    #expect(spec["resources"]?["gpu"]?.int == 2 && spec["resources"]?["cores"]?.int == 4, "\(spec)")
    #expect(spec["deadline"] != nil && spec["labels"]?["line"]?.string == "7", "\(spec)")

    let clone = try await submitted([
      "clone", "\(first["id"]?.int ?? 0)", "--set", "resources.gpu=", "--set", "deadline=", "--set", "seed=2",
    ])
    #expect(clone["spec"]?["resources"]?["gpu"] == nil && clone["spec"]?["resources"]?["cores"]?.int == 4)
    #expect(clone["spec"]?["deadline"] == nil && clone["spec"]?["seed"]?.int == 2, "\(clone)")

    let file = try scratch.write(
      "kind: eval\nmodel: model\ndata: data\noutput: out\nseed: 1\nresources: {gpu: 1, memory: 1GB}\n",
      to: "job.yaml")
    let changed = try await submitted(["submit", file, "--gpu", "3", "--set", "seed=5"])
    #expect(changed["spec"]?["seed"]?.int == 5 && changed["spec"]?["resources"]?["gpu"]?.int == 3)
    #expect(changed["spec"]?["resources"]?["memory"]?.int == 1_000_000_000, "\(changed)")

    // What a group has not, it has not more of; text is taken as it is.
    let text = try await submitted(["submit", file, "--set", "labels.site=", "--set", "name=line #3"])
    #expect(text["spec"]?["labels"] == nil && text["spec"]?["name"]?.string == "line #3", "\(text)")
    let chain = try scratch.write(
      "jobs:\n"
        + ["{name: one, ", "{name: two, after: one, "]
        .map { "  - " + $0 + "kind: eval, model: model, data: data, output: out}\n" }.joined(),
      to: "chain.yaml")
    let lost = try await program.run(["submit", chain, "--set", "after="] + connection)
    #expect(lost.code != 0 && lost.error.contains("of one job, and this file has 2"), "\(lost.error)")
    let watched = try await program.run(
      ["score", scratch.path, "--watch", "--model", "model", "--output", "out", "--set", "sed=2"] + connection
    )
    #expect(watched.code != 0 && watched.error.contains("seed"), "\(watched.error)")

    for wrong in ["seed", "=2", "resources..gpu=1"] {
      let refused = try await program.run(["submit", file, "--set", wrong] + connection)
      #expect(refused.code != 0 && refused.error.contains("is not written key=value"), "\(refused.error)")
    }
    let unknown = try await program.run(["submit", file, "--set", "sed=2"] + connection)
    #expect(unknown.code != 0 && unknown.error.contains("seed"), "\(unknown.error)")
    await coordinator.stop()
    try await server.stop()
  }
}
