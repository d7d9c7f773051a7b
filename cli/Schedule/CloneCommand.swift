import ArgumentParser
import CoordinatorClient
import JobModel
import OrderedJSON

struct CloneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clone",
    abstract: "Submit a job like an earlier one, with some settings changed.",
    discussion: """
      Takes every setting of the job, and puts those of --set in their place; a setting of a group is named \
      group.setting, and one without a value is left out. What the job waited for, and when it was to begin, is not \
      taken along.

      Examples: ar1 clone 12 --set seed=2 --set output=runs/second
                ar1 clone 12 --set cron= --set unique=
      """)

  @Argument(help: "The job's number.") var job: Int64
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A setting as in a job file; may be repeated.", valueName: "key=value"))
  var changes: [String] = []
  @OptionGroup var submission: SubmissionOptions

  func validate() throws { for change in changes { _ = try Self.parse(change) } }

  func run() async throws {
    let original = try await submission.connection.client().job(job).job.spec
    var tree = try JSON(encoding: original)
    for key in ["after", "at"] { tree = Self.replacing([key], in: tree, by: nil) }
    for change in changes {
      let (path, value) = try Self.parse(change)
      tree = Self.replacing(path[...], in: tree, by: value)
    }
    try await submission.submit(tree, relativeTo: UpCommand.absolute("."))
  }

  /// - Returns: nil as the value of a setting that shall be left out.
  private static func parse(_ change: String) throws -> (path: [String], value: JSON?) {
    let parts = change.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = (parts.first ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, path.allSatisfy({ !$0.isEmpty }) else {
      throw ValidationError("--set \(change) is not written key=value")
    }
    guard !parts[1].isEmpty else { return (path, nil) }
    return (path, try JobFile.parse(String(parts[1]), name: "the value of \(parts[0])"))
  }

  /// The tree with another value at a path; nil takes it out.
  private static func replacing(_ path: ArraySlice<String>, in tree: JSON, by value: JSON?) -> JSON {
    guard let key = path.first else { return value ?? .null }
    var members = tree.members ?? []
    let inner = members.first { $0.key == key }?.value ?? .object([])
    let replacement = path.count == 1 ? value : replacing(path.dropFirst(), in: inner, by: value)
    if let index = members.firstIndex(where: { $0.key == key }) {
      if let replacement { members[index] = JSON.Member(key, replacement) } else { members.remove(at: index) }
    } else if let replacement {
      members.append(JSON.Member(key, replacement))
    }
    return .object(members)
  }
}
