import ArgumentParser
import CoordinatorClient
import JobModel

/// A change of a lab that is known by its name.
protocol LabChange: ChangeCommand where Changed == LabRecord {
  var name: String { get }

  func request(reason: String?) -> ChangeLabRequest
}

extension LabChange {
  func change(_ client: CoordinatorClient, reason: String?) async throws -> LabRecord {
    guard let lab = try await client.labs().first(where: { $0.name == name }) else {
      throw CommandError("there is no lab '\(name)' that you may see; 'ar1 lab ls' lists them")
    }
    return try await client.changeLab(lab.id, request(reason: reason))
  }
}

struct LabPause: LabChange {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Begin no more tasks of a lab; those that run go on.",
    discussion: """
      Jobs can be submitted meanwhile and wait. For the lab's owners and for administrators.

      Example: ar1 lab pause vision --reason 'the budget is spent'
      """)

  @Argument(help: "The lab's name.") var name: String
  @OptionGroup var options: ChangeOptions

  func request(reason: String?) -> ChangeLabRequest { ChangeLabRequest(paused: true, reason: reason) }

  func sentence(_ lab: LabRecord) -> String {
    "lab \(lab.name) is paused with \(lab.unfinishedJobs) unfinished job\(lab.unfinishedJobs == 1 ? "" : "s"); "
      + "'ar1 lab resume \(lab.name)' lets it go on"
  }
}

struct LabResume: LabChange {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let a paused lab go on.",
    discussion: "Example: ar1 lab resume vision")

  @Argument(help: "The lab's name.") var name: String
  @OptionGroup var options: ChangeOptions

  func request(reason: String?) -> ChangeLabRequest { ChangeLabRequest(paused: false, reason: reason) }
  func sentence(_ lab: LabRecord) -> String { "lab \(lab.name) goes on" }
}

struct LabClose: LabChange {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "Refuse the tokens of a lab; what it has stays. For administrators.",
    discussion: """
      Jobs that were submitted run to their end; repeating ones are submitted no more. 'ar1 lab pause' holds what waits.

      Example: ar1 lab close vision --reason 'the project has ended'
      """)

  @Argument(help: "The lab's name.") var name: String
  @OptionGroup var options: ChangeOptions

  func request(reason: String?) -> ChangeLabRequest { ChangeLabRequest(closed: true, reason: reason) }
  func sentence(_ lab: LabRecord) -> String { "lab \(lab.name) closed" }
}

struct LabOpen: LabChange {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "Accept the tokens of a closed lab again. For administrators.",
    discussion: "Example: ar1 lab open vision")

  @Argument(help: "The lab's name.") var name: String
  @OptionGroup var options: ChangeOptions

  func request(reason: String?) -> ChangeLabRequest { ChangeLabRequest(closed: false, reason: reason) }
  func sentence(_ lab: LabRecord) -> String { "lab \(lab.name) opened" }
}
