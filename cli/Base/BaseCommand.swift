import ArgumentParser

struct BaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "base",
    abstract: "Make the small model the demonstration starts from.",
    discussion: "Example: ar1 base make --output models/demo-base",
    subcommands: [BaseMake.self])
}
