import ArgumentParser
import FoundationEssentials
import Glibc
import JobModel
import JobStore
import PostgresClient

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look for what keeps the queue from working, and say what to do.",
    discussion: """
      Looks at the schema, clocks, durability, connections, old snapshots, dead rows, the leader, partitions, workers' \
      versions, tokens that expire, webhooks; with --lab-root and --public-root at folders and disks; with --files at \
      every announced file and its hash. The exit code is 1 when there is a problem, 0 with warnings alone.

      Examples: ar1 doctor
                ar1 doctor --database "$DATABASE" --lab-root /srv/labs --files
      """)

  @Option(help: "A postgres:// address or a libpq connection string (that of an 'ar1 up' in this folder).")
  var database: String?
  @Option(help: "The coordinators' --lab-root.", completion: .directory) var labRoot: String?
  @Option(help: "The coordinators' --public-root.", completion: .directory) var publicRoot: String?
  @Flag(help: "Read every file that jobs announced and compare it with its hash.") var files = false
  @Flag(help: "Print one JSON document.") var json = false

  func run() async throws {
    let findings = try await look()
    if json {
      try JSONOutput.print(["findings": findings])
    } else {
      for finding in findings {
        Terminal.write("\(Self.mark(finding.level))  \(finding.subject): \(finding.text)\n")
        if let advice = finding.advice { Terminal.write("           \(Style.faint(advice))\n") }
      }
    }
    if findings.contains(where: { $0.level == .problem }) { throw ExitCode(1) }
  }

  private func look() async throws -> [Finding] {
    var findings: [Finding] = []
    let pool = ConnectionPool(
      address: PostgresAddress(try place()), size: 1, settings: SessionSettings(applicationName: "ar1 doctor")
    )
    let store = JobStore(pool: pool)
    do {
      findings += try await store.diagnoseDatabase(now: Self.now)
      if !findings.contains(where: { $0.subject == "schema" && $0.level == .problem }) {
        findings += try await store.diagnoseQueue(version: Version.current)
        if files { findings.append(try await AnnouncedFiles.finding(store)) }
      }
    } catch let error as PostgresError {
      findings.append(
        Finding(.problem, "database", error.message, advice: "check --database, the server and its log"))
    }
    await pool.close()
    if let labRoot { findings += FolderCheck.findings(of: labRoot, writing: true, what: "lab root") }
    if let publicRoot {
      findings += FolderCheck.findings(of: publicRoot, writing: false, what: "public root")
    }
    return findings
  }

  /// The database as it was given, or that of the nearest 'ar1 up'.
  private func place() throws -> String {
    if let database { return database }
    let nearest = try ConnectionFile.nearest(to: FileManager.default.currentDirectoryPath)
    guard let known = nearest?.file.database else {
      throw CommandError("no 'ar1 up' runs in this folder; name the database with --database")
    }
    return known
  }

  private static var now: Double {
    var moment = timespec()
    clock_gettime(CLOCK_REALTIME, &moment)
    return Double(moment.tv_sec) + Double(moment.tv_nsec) * 1e-9
  }

  private static func mark(_ level: Finding.Level) -> String {
    switch level {
    case .fine: Style.green("fine     ")
    case .warning: Style.yellow("warning  ")
    case .problem: Style.red("problem  ")
    }
  }
}
