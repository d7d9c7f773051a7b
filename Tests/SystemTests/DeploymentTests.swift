import FoundationEssentials
import Glibc
import Testing

/// What operators install: that it fits the program, and that installing it again takes nothing from them.
@Suite(.timeLimit(.minutes(1)))
struct DeploymentTests {
  private static let folder = Repository.root + "/deploy"
  private let scratch: Scratch
  private let program: Program

  init() throws {
    scratch = try Scratch()
    program = Program(path: Program.built, folder: scratch.path)
  }

  @Test(
    "Services start the program with options and variables that it knows",
    arguments: [
      ("ar1-coordinator.service", "coordinator.conf", "coordinator"),
      ("ar1-worker@.service", "worker.conf", "worker"),
    ])
  func services(unit: String, settings: String, command: String) async throws {
    let known = try await program.run(["help", command]).output
    let lines = Program.text(Self.folder + "/systemd/" + unit).split(separator: "\n")
    let start = try #require(lines.first { $0.hasPrefix("ExecStart=") }).split(separator: " ")
    #expect(start.prefix(2) == ["ExecStart=/usr/local/bin/ar1", command[...]])
    let conf = Program.text(Self.folder + "/systemd/" + settings)
    let words = conf.split(whereSeparator: \.isWhitespace)
    for option in start.dropFirst(2) + words where option.hasPrefix("--") {
      #expect(known.contains(option), "\(option)")
    }
    let given = lines + conf.split(separator: "\n")
    for word in start {
      guard let name = word.split(separator: "$").last, name.count < word.count else { continue }
      let variable = name.filter { $0.isLetter || $0.isNumber || $0 == "_" }.split(separator: "/")[0]
      guard variable.hasPrefix("AR1_") else { continue }
      #expect(given.contains { $0.hasPrefix(variable + "=") }, "\(variable)")
    }
  }

  @Test("Installing again brings the new program and keeps the settings")
  func installing() async throws {
    let stage = scratch.path + "/stage"
    let settings = stage + "/etc/ar1/coordinator.conf"
    for (content, edited) in [("first", nil), ("second", "AR1_LISTEN=0.0.0.0:1\n")] {
      let made = scratch.path + "/" + content
      try Data(content.utf8).write(to: URL(filePath: made))
      #expect(chmod(made, 0o755) == 0)
      if let edited { try Data(edited.utf8).write(to: URL(filePath: settings)) }
      let run = try await Program(path: Self.folder + "/install-services.sh", folder: scratch.path)
        .run([made], environment: ["DESTDIR": stage])
      #expect(run.code == 0, "\(run.error)")
      #expect(Program.text(stage + "/usr/local/bin/ar1") == content)
      if let edited { #expect(Program.text(settings) == edited) }
    }
    #expect(Program.text(stage + "/etc/ar1/worker.conf").contains("AR1_URL="))

    let missing = try await Program(path: Self.folder + "/install-services.sh", folder: scratch.path)
      .run([scratch.path + "/none"], environment: ["DESTDIR": stage])
    #expect(missing.code == 1 && missing.error.contains("is not there"))
  }
}
