import FoundationEssentials
import LocalPostgres
import Testing

/// Where a coordinator listens, and what it says where it cannot.
@Suite(.timeLimit(.minutes(1)))
struct ListeningTests {
  private static let hasIPv6 = Program.text("/proc/net/if_inet6").contains(" lo\n")

  @Test("An address that is none of this machine is refused in words")
  func refusals() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let server = try await LocalPostgres.start(folder: scratch.path + "/pg", options: .init(durable: false))
    for (listen, reason) in [
      // Reserved for documentation.
      ("192.0.2.1:8170", "192.0.2.1:8170 is no address of this machine; choose another with --listen"),
      ("no-such-host.invalid:8170", "there is no host of that name"),
    ] {
      let run = try await program.run([
        "coordinator", "--database", server.address.connectionString, "--listen", listen,
      ])
      #expect(run.code == 1 && run.error.contains(reason), "\(run.error)")
    }
    try await server.destroy()
  }

  @Test("An IPv6 address stands in brackets in the coordinator's URL", .enabled(if: hasIPv6))
  func bracketed() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let server = try await LocalPostgres.start(folder: scratch.path + "/pg", options: .init(durable: false))
    let coordinator = try CoordinatorProcess.start(
      "coordinator", on: server, program, ["--listen", "[::1]:0"])
    let url = try await coordinator.url()
    #expect(url.hasPrefix("http://[::1]:"), "\(url)")
    let token = try await CoordinatorProcess.secret("member", lab: "vision", on: server, scratch, program)
    _ = try await program.document(["jobs", "--url", url, "--token-file", token])
    await coordinator.stop()
    try await server.destroy()
  }
}
