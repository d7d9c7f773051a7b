import FoundationEssentials
import OrderedJSON
import Testing

/// What `ar1 doctor` finds in a system at work.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct DoctorTests {
  @Test("With --files doctor reads every announced file, and names those that are torn, changed or gone")
  func files() async throws {
    let system = try await RunningSystem.start()
    let data = system.scratch.path + "/data"
    let made = try await system.program.run([
      "data", "generate", "--output", data, "--seed", "5", "--training", "4", "--held-out", "1", "--inbox",
      "6",
    ])
    try #require(made.code == 0, "\(made.error)")
    let job = try await system.submit([
      "kind: score", "model: \(TrainingTests.base)", "images: \(data)/inbox", "output: scores",
      "max_new_tokens: 24",
    ])
    let artifacts = try await system.succeed(job)["artifacts"]?.array ?? []
    let paths = artifacts.compactMap { $0["path"]?.string }
    try #require(paths.count >= 5)

    func finding() async throws -> (code: Int32, finding: JSON?) {
      let run = try await system.program.run(["doctor", "--files", "--json"])
      let findings = try run.document()["findings"]?.array ?? []
      return (run.code, findings.first { $0["subject"]?.string == "files" })
    }
    let whole = try await finding()
    #expect(whole.code == 0 && whole.finding?["level"]?.string == "fine")
    #expect(whole.finding?["text"]?.string == "\(paths.count) announced files are as announced")

    let (gone, torn, changed) = (paths[0], paths[1], paths[2])
    try FileManager.default.removeItem(atPath: gone)
    var bytes = try #require(FileManager.default.contents(atPath: torn))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: torn))
    bytes = try #require(FileManager.default.contents(atPath: changed))
    bytes[bytes.startIndex] ^= 1
    try bytes.write(to: URL(fileURLWithPath: changed))
    let broken = try await finding()
    let text = try #require(broken.finding?["text"]?.string)
    #expect(broken.code == 1 && broken.finding?["level"]?.string == "problem")
    #expect(text.hasPrefix("3 of \(paths.count) announced files are not as announced"), "\(text)")
    #expect(text.contains("\(gone) is missing") && text.contains("\(changed) has another content"), "\(text)")
    #expect(text.contains("\(torn) has "), "\(text)")
    #expect(broken.finding?["advice"]?.string?.contains("backup") == true)
    try await system.stop()
  }

  @Test("Where no database is known doctor says how to name one")
  func unknown() async throws {
    let scratch = try Scratch()
    let run = try await Program(path: Program.built, folder: scratch.path).run(["doctor"])
    #expect(run.code != 0 && run.error.contains("--database"))
  }

  @Test("A second start ends the tokens of the first")
  func tokens() async throws {
    let system = try await RunningSystem.start(workers: 0)
    let token = try #require(try system.connection()["token"]?.string)
    try await system.stop()
    let again = try await RunningSystem.start(workers: 0, in: system.scratch)
    let file = try system.scratch.write(token, to: "old.token")
    let refused = try await again.program.run(["jobs", "--token-file", file])
    #expect(refused.code != 0, "\(refused.output)")
    let working = try await again.program.document(["token", "ls"])["tokens"]?.array ?? []
    #expect(working.count == 2, "\(working)")
    try await again.stop()
  }
}
