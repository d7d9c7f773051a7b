import PostgresClient

/// How the database's schema relates to this program's.
public enum SchemaState: Sendable, Equatable {
  case same(Int)
  /// The database is behind; a start of this program brings it forward.
  case older(database: Int, program: Int)
  /// A newer program has brought the database forward while this one ran.
  case newer(database: Int, program: Int)
}

extension JobStore {
  public func schemaState() async throws -> SchemaState {
    let program = try EmbeddedMigrations.all().count
    let database: Int = try await pool.run { session in
      guard
        try session.execute("SELECT to_regclass('schema_migrations') IS NOT NULL AS there").only().get(
          "there")
      else { return 0 }
      return try session.execute("SELECT count(*) AS applied FROM schema_migrations").only().get("applied")
    }
    if database == program { return .same(program) }
    return database < program
      ? .older(database: database, program: program) : .newer(database: database, program: program)
  }
}
