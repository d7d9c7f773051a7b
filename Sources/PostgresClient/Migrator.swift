/// One numbered change of the schema.
public struct Migration: Sendable, Equatable {
  public let number: Int
  public let name: String
  public let up: String
  /// Takes the change back, with what was stored in it.
  public let down: String

  public init(number: Int, name: String, up: String, down: String) {
    self.number = number
    self.name = name
    self.up = up
    self.down = down
  }
}

/// Brings a database to the schema that this program knows.
///
/// Everything happens in one transaction under an advisory lock, so several processes may start at once. A
/// migration that was applied with another text, or one this program does not know, stops it.
///
/// Programs may be at work meanwhile: they stand still for a moment, and none of their work is lost (`SchemaLocks`). A
/// change that does not get its tables within some seconds lets the programs go on and begins again a little later.
public struct Migrator: Sendable {
  private let migrations: [Migration]

  /// - Parameter migrations: numbered 1, 2, 3 … without gaps.
  public init(_ migrations: [Migration]) throws(PostgresError) {
    let sorted = migrations.sorted { $0.number < $1.number }
    guard sorted.map(\.number) == Array(1..<(sorted.count + 1)) else {
      throw PostgresError(.misuse, "migrations must be numbered 1, 2, 3 …, found \(sorted.map(\.number))")
    }
    self.migrations = sorted
  }

  /// Applies or takes back migrations until `target` is the last one applied; nil means the newest.
  /// - Returns: the numbers that were applied (positive) or taken back (negative), in order.
  @discardableResult
  public func migrate(_ pool: ConnectionPool, to target: Int? = nil) async throws -> [Int] {
    for _ in 1..<Self.mostAttempts {
      do {
        return try await attempt(pool, to: target ?? migrations.count)
      } catch let error as PostgresError where error.isTransient || error.isLockTimeout {
        try await Task.sleep(for: .milliseconds(.random(in: 20...400)))
      }
    }
    return try await attempt(pool, to: target ?? migrations.count)
  }

  /// About a minute of trying.
  private static let mostAttempts = 20

  private func attempt(_ pool: ConnectionPool, to target: Int) async throws -> [Int] {
    let migrations = self.migrations
    return try await pool.transaction { session in
      try session.liftTimeLimit()
      // Whoever migrates just now is waited for.
      try SchemaLocks.begin(session)
      try session.executeScript(
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
          number integer PRIMARY KEY,
          name text NOT NULL,
          checksum text NOT NULL,
          applied_at timestamptz NOT NULL DEFAULT now())
        """)
      let applied = try Self.verify(migrations, session)
      guard applied != min(target, migrations.count) else { return [] }
      try SchemaLocks.take(session)
      var changes: [Int] = []
      for migration in migrations.dropFirst(applied).prefix(max(0, target - applied)) {
        try session.executeScript(migration.up)
        try session.execute(
          """
          INSERT INTO schema_migrations (number, name, checksum)
          VALUES ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))
          """, migration.number, migration.name, migration.up)
        changes.append(migration.number)
      }
      for migration in migrations.prefix(applied).dropFirst(max(0, target)).reversed() {
        try session.executeScript(migration.down)
        try session.execute("DELETE FROM schema_migrations WHERE number = $1", migration.number)
        changes.append(-migration.number)
      }
      return changes
    }
  }

  /// How many migrations are applied, after checking that they are these.
  private static func verify(_ migrations: [Migration], _ session: Session) throws -> Int {
    let rows = try session.execute("SELECT number, name, checksum FROM schema_migrations ORDER BY number")
    if rows.count > migrations.count {
      throw PostgresError(
        .misuse,
        "the database has \(rows.count) migrations, this program knows \(migrations.count): "
          + "use a program at least as new as the one that migrated it")
    }
    for index in 0..<rows.count {
      let migration = migrations[index]
      let checksum: String = try session.execute(
        "SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex') AS checksum", migration.up
      ).only().get("checksum")
      let number: Int = try rows[index].get("number")
      let name: String = try rows[index].get("name")
      let stored: String = try rows[index].get("checksum")
      guard number == migration.number, stored == checksum else {
        throw PostgresError(
          .misuse,
          "migration \(number) (\(name)) was applied to this database with another text than this program has"
        )
      }
    }
    return rows.count
  }
}
