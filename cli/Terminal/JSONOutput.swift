import JobModel
import OrderedJSON

/// What `--json` prints: one document, and nothing else on standard output.
enum JSONOutput {
  static func print(_ value: some Encodable) throws { print(try JSON(encoding: value)) }

  static func print(_ document: JSON) { Terminal.write(document.serialized(pretty: true) + "\n") }

  /// One document on one line, for streams of them.
  static func printLine(_ value: some Encodable) throws {
    Terminal.write(try JSON(encoding: value).serialized() + "\n")
  }
}
