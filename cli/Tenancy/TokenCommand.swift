import ArgumentParser

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make, list, rotate and revoke tokens.",
    discussion: """
      Examples: ar1 token create --user ada --role member --expires 90d
                ar1 token create --user ci --role member --scopes read --note "dashboard"
                ar1 token create --role worker --user node7 > worker.token
                ar1 token rotate 7 --overlap 1h > worker.token
                ar1 token create --database postgres://… --lab vision --user root --role admin
      """,
    subcommands: [TokenCreate.self, TokenList.self, TokenRotate.self, TokenRevoke.self])
}
