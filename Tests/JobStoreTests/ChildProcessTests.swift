import FoundationEssentials
import Glibc
import LocalPostgres
import Testing

@Suite("Child processes")
struct ChildProcessTests {
  private func shell(
    _ script: String, output: ChildProcess.Stream = .nothing, environment: [String: String]? = nil
  ) throws -> ChildProcess {
    try ChildProcess.start(
      .init(
        program: "/bin/sh", arguments: ["-c", script], environment: environment, folder: "/", output: output,
        error: .nothing))
  }

  @Test("exit codes, signals, environment, folder and output are as asked for")
  func basics() async throws {
    #expect(try await shell("exit 7").waitForExit() == .code(7))
    #expect(try await shell("kill -9 $$").waitForExit() == .signal(SIGKILL))
    let file = "/tmp/ar1-child-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let child = try shell(
      "pwd; env | grep COLOUR; ls /proc/self/fd | wc -l", output: .file(file), environment: ["COLOUR": "red"])
    #expect(await child.waitForExit() == .code(0))
    // Three streams and the folder that `ls` itself reads: nothing else of this process came along.
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "/\nCOLOUR=red\n4\n")
  }

  @Test("a lock that a child keeps is held until the child has ended")
  func kept() async throws {
    let file = "/tmp/ar1-child-lock-\(getpid())"
    defer { unlink(file) }
    let mine = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    #expect(flock(mine, LOCK_EX | LOCK_NB) == 0)
    let child = try ChildProcess.start(
      .init(
        program: "/bin/sh", arguments: ["-c", "sleep 1000 & wait"], output: .nothing, error: .nothing,
        kept: mine))
    close(mine)
    let other = open(file, O_RDWR | O_CLOEXEC)
    defer { close(other) }
    #expect(flock(other, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    child.signalGroup(SIGKILL)
    _ = await child.waitForExit()
    // The grandchild is reaped by somebody else; this returns when it is gone.
    #expect(flock(other, LOCK_EX) == 0)
  }

  @Test("a program that is not there is an error of the start, not an exit code")
  func missing() {
    #expect {
      try ChildProcess.start(.init(program: "/no/such/program", arguments: []))
    } throws: { "\($0)".contains("/no/such/program: No such file") }
  }

  @Test("a signal to the group reaches grandchildren")
  func groups() async throws {
    let file = "/tmp/ar1-group-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: file) }
    mkfifo(file, 0o600)
    // The grandchild holds the pipe open; reading ends when it is gone.
    let child = try shell("sleep 1000 > \(file) & wait")
    let descriptor = open(file, O_RDONLY)
    child.signalGroup(SIGKILL)
    #expect(await child.waitForExit() == .signal(SIGKILL))
    var byte: UInt8 = 0
    #expect(read(descriptor, &byte, 1) == 0)
    close(descriptor)
  }

  @Test(
    "the server's files go elsewhere when its user cannot reach the folder", .enabled(if: geteuid() == 0))
  func closedParent() throws {
    let closed = "/tmp/ar1-closed-\(getpid())"
    mkdir(closed, 0o700)
    defer { rmdir(closed) }
    let owner = try LocalPostgres.unprivilegedOwner()
    let placed = try LocalPostgres.place(for: "\(closed)/db", owner: owner)
    #expect(placed.hasPrefix("/var/tmp/ar1-postgres-"))
    #expect(try LocalPostgres.place(for: "\(closed)/db", owner: owner) == placed)
    #expect(try LocalPostgres.place(for: "/tmp/db", owner: owner) == "/tmp/db")
    #expect(throws: LocalPostgresError.self) { try LocalPostgres.place(for: "db", owner: owner) }
  }
}
