import ArgumentParser
import CoordinatorClient

/// A command that changes one thing at the coordinator and says how it stands then.
protocol ChangeCommand: AsyncParsableCommand {
  /// The thing as the coordinator gives it back.
  associatedtype Changed: Encodable

  var options: ChangeOptions { get }

  func change(_ client: CoordinatorClient, reason: String?) async throws -> Changed

  /// One sentence for people, without its line break.
  func sentence(_ changed: Changed) -> String
}

extension ChangeCommand {
  func run() async throws {
    let changed = try await change(options.connection.client(), reason: options.reason)
    if options.json { try JSONOutput.print(changed) } else { Terminal.write(sentence(changed) + "\n") }
  }
}

/// What every change takes.
struct ChangeOptions: ParsableArguments {
  @Option(help: "Why, for whoever asks later; 'ar1 audit' shows it.") var reason: String?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions
}
