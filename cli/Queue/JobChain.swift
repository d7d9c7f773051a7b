import JobModel
import OrderedJSON

/// Jobs of one file that wait for each other by name:
///
///     jobs:
///       - {name: tune, kind: train, …}
///       - {name: measure, kind: eval, after: tune, …}
struct JobChain {
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  private let trees: [JSON]
  let names: [String]

  /// - Throws: when a name is given twice or is not that of an earlier job.
  init(_ trees: [JSON]) throws {
    guard (1...1_000).contains(trees.count) else {
      throw Problem(description: "'jobs' is a list of 1 to 1000 jobs")
    }
    self.trees = trees
    names = trees.enumerated().map { $1["name"]?.string ?? "job \($0 + 1) of the file" }
    guard Set(names).count == names.count else {
      throw Problem(description: "two jobs of the file have the same name; each needs its own")
    }
    for (position, tree) in trees.enumerated() {
      for name in Self.waits(tree).compactMap(\.string) where !names[..<position].contains(name) {
        let nearest = Spelling.nearest(to: name, among: Array(names[..<position]))
        throw Problem(
          description:
            "job '\(names[position])': after names '\(name.prefix(60))', which is no earlier job of the file"
            + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
      }
    }
  }

  /// A job with numbers where it names others. A name whose number is not known yet is left out.
  func tree(_ position: Int, numbers: [String: JobID]) -> JSON {
    guard let members = trees[position].members else { return trees[position] }
    return .object(
      members.map { member in
        guard member.key == "after" else { return member }
        return JSON.Member(
          "after",
          .array(
            Self.waits(trees[position]).compactMap { entry in
              guard let name = entry.string else { return entry }
              return numbers[name].map { .integer(Int($0)) }
            }))
      })
  }

  /// How messages call a job: "job 2 of the file (measure)".
  func title(_ position: Int) -> String {
    let name = trees[position]["name"]?.string
    return "job \(position + 1) of the file" + (name.map { " (\($0.prefix(60)))" } ?? "")
  }

  /// Whether a job comes after others.
  func waits(_ position: Int) -> Bool { !Self.waits(trees[position]).isEmpty }

  private static func waits(_ tree: JSON) -> [JSON] {
    guard let after = tree["after"], !after.isNull else { return [] }
    return after.array ?? [after]
  }
}
