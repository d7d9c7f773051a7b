import Testing

/// What the page for browsers does, run by Node.js where there is one. `DashboardTests` hold what is served.
struct DashboardPageTests {
  private static let node = Program.installed("node")

  @Test(
    "The page shows what the API says, forgets what a token has shown, and goes on over breaks",
    .enabled(if: node != nil, "needs Node.js 20.3 or newer"))
  func page() async throws {
    let scratch = try Scratch()
    let run = try await Program(path: try #require(Self.node), folder: scratch.path).run(
      [Repository.root + "/Tests/Dashboard/checks.mjs"])
    #expect(run.code == 0, "\(run.output)\(run.error)")
  }
}
