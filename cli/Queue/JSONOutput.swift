import JobModel
import OrderedJSON

/// What `--json` prints: one document, and nothing else on standard output.
enum JSONOutput {
  static func print(_ value: some Encodable) throws {
    Terminal.write(try JSON(encoding: value).serialized(pretty: true) + "\n")
  }

  /// One document on one line, for streams of them.
  static func printLine(_ value: some Encodable) throws {
    Terminal.write(try JSON(encoding: value).serialized() + "\n")
  }
}
