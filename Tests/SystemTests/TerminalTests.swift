import LocalPostgres
import Testing

/// What commands draw on a person's terminal.
@Suite(.timeLimit(.minutes(2)))
struct TerminalTests {
  @Test("What is drawn anew has no more lines than the terminal, and says how many are left out")
  func lowTerminal() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let queue = try await AttendedQueue.start(scratch, program)
    _ = try await queue.document(["eval", "--model", "m", "--data", "d", "--output", "o"])

    for (rows, isCut) in [(3, true), (24, false)] {
      let terminal = try PseudoTerminal(columns: 80, rows: UInt16(rows))
      let top = try program.start(
        ["top", "--every", "1s"] + queue.connection, output: terminal.path, error: scratch.path + "/top.err")
      func frames() -> [Substring] { terminal.text.split(separator: "\u{1B}[H") }
      try await terminal.read { _ in frames().count > 2 }
      for frame in frames().prefix(2) {
        #expect(
          frame.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count <= rows, "\(frame)"
        )
        #expect(frame.contains("more lines") == isCut && frame.contains("vision") != isCut, "\(frame)")
      }
      top.signal(15)
      _ = await top.waitForExit()
    }
    try await queue.stop()
  }
}
