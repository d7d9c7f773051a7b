import ArgumentParser
import CoordinatorClient
import Glibc
import Inspection
import JobModel

struct UsageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usage",
    abstract: "Report what was used in a month and the jobs that ended in it, by lab, user and kind.",
    discussion: """
      Hours are those of slots of CPUs and of GPUs. Every attempt counts once it has ended, those that failed or were \
      interrupted too; what still runs does not yet. Administrators see every lab.

      Example: ar1 usage --month 2026-11 --csv > november.csv
      """)

  @Option(help: ArgumentHelp("The month, in UTC (the present one).", valueName: "2026-11")) var month: String?
  @Flag(help: "Print comma-separated values with a header.") var csv = false
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let report = try await connection.client().usage(month: month ?? Self.presentMonth())
    if json {
      try JSONOutput.print(report)
    } else if csv {
      Terminal.write(Self.csv(report))
    } else {
      guard !report.rows.isEmpty else { return Terminal.writeError("nothing was used in \(report.month)\n") }
      var table = Table([
        .left("LAB"), .left("USER"), .left("KIND"), .right("JOBS"), .right("SUCCEEDED"), .right("FAILED"),
        .right("CANCELLED"), .right("ATTEMPTS"), .right("CPU HOURS"), .right("GPU HOURS"),
      ])
      for row in report.rows {
        table.add([
          Table.Cell(row.lab), Table.Cell(row.user), Table.Cell(row.kind?.rawValue ?? "–"),
          Table.Cell(String(row.jobs)), Table.Cell(String(row.succeeded)), Table.Cell(String(row.failed)),
          Table.Cell(String(row.cancelled)), Table.Cell(String(row.attempts)),
          Table.Cell(Format.fixed(row.cpuSeconds / 3_600, 2)),
          Table.Cell(Format.fixed(row.gpuSeconds / 3_600, 2)),
        ])
      }
      table.print()
    }
  }

  static func csv(_ report: UsageReport) -> String {
    var text = "month,lab,user,kind,jobs,succeeded,failed,cancelled,attempts,cpu_seconds,gpu_seconds\n"
    for row in report.rows {
      let fields = [
        report.month, row.lab, row.user, row.kind?.rawValue ?? "", "\(row.jobs)",
        "\(row.succeeded)", "\(row.failed)", "\(row.cancelled)", "\(row.attempts)",
        Format.fixed(row.cpuSeconds, 3), Format.fixed(row.gpuSeconds, 3),
      ]
      text += CommaSeparated.line(fields) + "\n"
    }
    return text
  }

  private static func presentMonth() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let month = parts.tm_mon + 1
    return "\(parts.tm_year + 1900)-\(month < 10 ? "0" : "")\(month)"
  }
}
