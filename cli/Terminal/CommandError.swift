/// Why a command that was typed rightly cannot do what it was asked: what was wrong and what to do.
struct CommandError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
