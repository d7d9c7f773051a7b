import ArgumentParser
import CoordinatorClient
import JobModel

struct QuotaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quota",
    abstract: "Show and set what labs may use.",
    discussion: """
      A quota counts slots of CPUs and devices of GPUs. What is nominal a lab can always have back; it may borrow what \
      others leave idle, by its weight. Try quotas out with 'ar1 simulate' before you set them.

      Example: ar1 quota set vision --device cuda --nominal 16 --borrow 8 --weight 2
      """,
    subcommands: [QuotaList.self, QuotaSet.self])
}

struct QuotaList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the quotas you may see.", discussion: "Example: ar1 quota ls")

  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let quotas = try await connection.client().quotas()
    if json {
      try JSONOutput.print(LabQuotaList(quotas: quotas))
      return
    }
    if quotas.isEmpty {
      Terminal.writeError("no quotas: labs share what there is alike\n")
      return
    }
    var table = Table([
      .left("LAB"), .left("DEVICE"), .right("WEIGHT"), .right("NOMINAL"), .right("BORROW"), .right("LEND"),
      .right("AT ONCE"), .right("USED h"), .right("BUDGET h"),
    ])
    for quota in quotas {
      func number(_ value: Double?) -> Table.Cell {
        Table.Cell(value.map(Quota.text) ?? "–")
      }
      table.add([
        Table.Cell(quota.lab), Table.Cell(quota.device.rawValue), number(quota.weight), number(quota.nominal),
        number(quota.borrow), number(quota.lend), number(quota.maxRunning.map(Double.init)),
        number(quota.usedHours ?? 0), number(quota.budgetHours),
      ])
    }
    table.print()
  }
}

struct QuotaSet: ChangeCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Put a lab's quota of a kind of device in the place of the one before; for administrators.",
    discussion: "Example: ar1 quota set vision --device cuda --nominal 16 --borrow 8")

  @Argument(help: "The lab's name.") var lab: String
  @Option(help: "cpu or cuda.") var device = DeviceKind.cuda
  @Option(help: "Its part of what is shared, against the others' weights.") var weight = 1.0
  @Option(help: "What it can always have back.") var nominal = 0.0
  @Option(help: "How much more it may use of what others leave idle (anything).") var borrow: Double?
  @Option(help: "How much of its idle nominal others may use (all).") var lend: Double?
  @Option(help: "Tasks at once (any number).") var maxRunning: Int?
  @Option(help: "Hours per month, of slots or devices (no end).") var budgetHours: Double?
  @OptionGroup var options: ChangeOptions

  func validate() throws {
    let numbers = [nominal, borrow, lend, budgetHours].compactMap(\.self)
    guard weight > 0, numbers.allSatisfy({ $0 >= 0 }), maxRunning ?? 0 >= 0 else {
      throw ValidationError("--weight is above 0, and no quota is negative")
    }
  }

  func change(_ client: CoordinatorClient, reason: String?) async throws -> LabQuota {
    try await client.setQuota(
      LabQuota(
        lab: lab, device: device, weight: weight,
        quota: Quota(
          nominal: nominal, borrow: borrow, lend: lend, maxRunning: maxRunning, budgetHours: budgetHours),
        reason: reason))
  }

  /// With all its numbers: what was not given has gone back to its default.
  func sentence(_ quota: LabQuota) -> String {
    func number(_ value: Double?, else word: String) -> String { value.map(Quota.text) ?? word }
    return [
      "quota of \(quota.lab) for \(quota.device.rawValue): weight \(Quota.text(quota.weight))",
      "nominal \(Quota.text(quota.nominal))", "borrows \(number(quota.borrow, else: "anything"))",
      "lends \(number(quota.lend, else: "all"))",
      "tasks at once \(number(quota.maxRunning.map(Double.init), else: "any number"))",
      "hours a month \(number(quota.budgetHours, else: "any number"))",
    ].joined(separator: ", ")
  }
}
