import JobModel
import PostgresClient

extension Session {
  /// Ends tasks and leases others at the same time, each on a connection of its own, with one flush: for somebody alone
  /// with many tasks, whose database has nothing else to do. The claim waits for nothing (`Session.leasing`), and has
  /// committed before the ends do. Where the ends fail their tasks are left alone, to be ended under their jobs' locks.
  /// - Parameters:
  ///   - ending: ends the tasks (`succeeding`).
  ///   - claiming: what `claim` takes (`SharedClaim.leasing`).
  ///   - keeps: the tasks leave something behind.
  func end(
    _ requests: [CompleteRequest], _ ending: Statement, beside claim: SharedClaim, _ claiming: Statement,
    keeping keeps: Bool
  ) throws -> LeaseCommit {
    var rows: Rows?
    func commit(of ended: [EndedTask]) throws -> LeaseCommit {
      LeaseCommit(ended: ended, leased: [try rows.map { try claim.leased($0) } ?? []])
    }
    var made: LeaseCommit
    do {
      made = try transaction { session in
        let (ended, beside) = try session.execute(ending, beside: claiming) { try Session.ended($0) }
        do throws(PostgresError) { rows = try beside.get() } catch {
          // It is tried again when nothing was leased (`JobStore.complete(_:next:token:)`).
          guard error.isLockTimeout else { throw error }
        }
        let tasks = try ended.get()
        if keeps { try session.keep(requests, of: tasks) }
        return tasks
      } whileCommitting: {
        try commit(of: $0)
      }
    } catch let error where rows?.isEmpty == false && (error as? PostgresError)?.isUnavailable != true {
      made = try commit(of: [])
    }
    if made.ended.isEmpty, !made.leased[0].isEmpty { try takeToDisk() }
    return made
  }
}
