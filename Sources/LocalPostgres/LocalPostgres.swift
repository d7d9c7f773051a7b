import CPlatform
import Glibc
public import PostgresClient

/// A PostgreSQL server of one's own in a folder, reached through a Unix socket only.
///
/// As root it runs as the user `postgres`, or `nobody` where there is none. The socket's folder is closed to
/// other users, so connections need no password. A server that was stopped, or that died, goes on with the same
/// folder.
public final class LocalPostgres: Sendable {
  public struct Options: Sendable {
    /// Off, a crash of the machine may lose the database: for tests.
    public var durable: Bool
    /// The server ends with the process that started it, however that ends.
    public var endsWithParent: Bool
    public var maxConnections: Int
    /// Seconds to wait for the server to be ready.
    public var patience: Double
    /// A descriptor that the server holds open too: a lock on it lasts until it has ended.
    public var kept: Int32?

    public init(
      durable: Bool = true, endsWithParent: Bool = true, maxConnections: Int = 100, patience: Double = 60,
      kept: Int32? = nil
    ) {
      self.durable = durable
      self.endsWithParent = endsWithParent
      self.maxConnections = maxConnections
      self.patience = patience
      self.kept = kept
    }
  }

  /// The database `ar1`.
  public let address: PostgresAddress
  /// Where the server's files are: the folder asked for, or another one when the server's user cannot reach it.
  public let folder: String
  /// The server's own log.
  public let logFile: String
  private let socketFolder: String
  private let child: ChildProcess
  private let administration: ConnectionPool

  /// The server's process.
  public var process: Int32 { child.id }

  static let user = "ar1"
  static let database = "ar1"
  static let port = 5432
  /// Unix socket paths end at 107 bytes.
  static let longestSocketPath = 107

  private init(
    folder: String, socketFolder: String, child: ChildProcess, administration: ConnectionPool
  ) {
    self.folder = folder
    self.socketFolder = socketFolder
    self.child = child
    self.administration = administration
    logFile = "\(folder)/server.log"
    address = PostgresAddress(
      socketFolder: socketFolder, port: Self.port, database: Self.database, user: Self.user)
  }

  /// Starts the server of a folder, which is made and initialised when new, and returns when it answers. A server of
  /// an earlier start that still has the folder is waited for.
  /// - Parameter saying: called with one line when there is something to wait for.
  /// - Throws: `LocalPostgresError`, also when another server keeps the folder.
  public static func start(
    folder: String, options: Options = Options(), saying say: @Sendable (String) -> Void = { _ in }
  ) async throws -> LocalPostgres {
    let programs = try PostgresPrograms.find(path: getenv("PATH").map { String(cString: $0) } ?? "")
    let owner = try unprivilegedOwner()
    let folder = try place(for: folder, owner: owner)
    try Folder.make(folder, mode: 0o700, owner: owner)
    let data = "\(folder)/data"
    if !Folder.exists("\(data)/PG_VERSION") {
      try await initialise(data, in: folder, with: programs, owner: owner)
    }
    let socketFolder = try socketFolder(for: folder, owner: owner)
    let deadline = ar1_monotonic_seconds() + options.patience
    var hasSpoken = false
    while true {
      do {
        return try await start(
          folder, socketFolder: socketFolder, with: programs, options: options, owner: owner)
      } catch {
        guard let other = holder(of: folder), ar1_monotonic_seconds() < deadline else { throw error }
        if !hasSpoken {
          say("waiting for the PostgreSQL server of an earlier start to end (process \(other))")
        }
        hasSpoken = true
        while holder(of: folder) == other, ar1_monotonic_seconds() < deadline {
          try await Task.sleep(for: .milliseconds(50))
        }
      }
    }
  }

  private static func start(
    _ folder: String, socketFolder: String, with programs: PostgresPrograms, options: Options,
    owner: ChildProcess.Owner?
  ) async throws -> LocalPostgres {
    let child = try ChildProcess.start(
      .init(
        program: programs.postgres,
        arguments: ["-D", "\(folder)/data"]
          + settings(options, socketFolder: socketFolder).flatMap { ["-c", $0] },
        environment: environment(home: folder), folder: folder,
        output: .file("\(folder)/server.log"), error: .file("\(folder)/server.log"),
        // SIGINT is PostgreSQL's fast shutdown.
        signalOnParentDeath: options.endsWithParent ? SIGINT : nil, owner: owner, kept: options.kept))
    let administration = ConnectionPool(
      address: PostgresAddress(socketFolder: socketFolder, port: port, database: "postgres", user: user),
      size: 1)
    let server = LocalPostgres(
      folder: folder, socketFolder: socketFolder, child: child, administration: administration)
    do {
      try await server.waitUntilReady(seconds: options.patience)
      try await server.createDatabaseIfMissing(database)
    } catch {
      try? await server.stop()
      throw error
    }
    return server
  }

  /// Makes a database and returns its address.
  /// - Parameter template: a database to copy, which nobody may be connected to.
  public func createDatabase(_ name: String, template: String? = nil) async throws -> PostgresAddress {
    let copied = template.map { " TEMPLATE \(Session.quotedIdentifier($0))" } ?? ""
    try await administration.run { session in
      try session.executeScript("CREATE DATABASE \(Session.quotedIdentifier(name))\(copied)")
    }
    return PostgresAddress(socketFolder: socketFolder, port: Self.port, database: name, user: Self.user)
  }

  /// Drops a database, with whoever is connected to it.
  public func dropDatabase(_ name: String) async throws {
    try await administration.run { session in
      try session.executeScript("DROP DATABASE IF EXISTS \(Session.quotedIdentifier(name)) WITH (FORCE)")
    }
  }

  /// Stops the server, ending open connections, and returns when it has ended.
  public func stop() async throws {
    await administration.close()
    child.signal(SIGINT)
    _ = await child.waitForExit()
  }

  /// Returns when the server has ended, by itself or by `stop`.
  public func waitForExit() async -> ChildProcess.Exit { await child.waitForExit() }

  /// Ends the server as a crash would: at once, without writing down what it holds in memory.
  package func crash() async {
    await administration.close()
    // PostgreSQL's immediate shutdown.
    child.signal(SIGQUIT)
    _ = await child.waitForExit()
  }

  /// Stops the server and deletes its folder.
  public func destroy() async throws {
    try await stop()
    Folder.remove(folder)
    if socketFolder != folder { Folder.remove(socketFolder) }
  }

  /// Deletes what the servers of a folder have left, wherever it lies.
  /// - Throws: `LocalPostgresError` while one runs there.
  public static func remove(folder: String) throws {
    let folder = try place(for: folder, owner: unprivilegedOwner())
    if let holder = holder(of: folder) {
      throw LocalPostgresError("a PostgreSQL server runs in \(folder) (process \(holder)); end it first")
    }
    Folder.remove(folder)
  }

  private func waitUntilReady(seconds: Double) async throws {
    let deadline = ar1_monotonic_seconds() + seconds
    var trouble = "it is not ready"
    while true {
      if let exit = child.exit {
        throw LocalPostgresError(
          "the PostgreSQL server in \(folder) ended at once (\(exit)):\n\(Folder.tail(of: logFile, lines: 8))"
        )
      }
      // Asked only once the folder is its own: until then a server of an earlier start may answer in its place.
      let holder = Self.holder(of: folder)
      if holder == child.id {
        do {
          _ = try await administration.run { session in try session.execute("SELECT 1").count }
          return
        } catch let error as PostgresError where error.isUnavailable {
          trouble = error.message
        }
      } else if let holder {
        trouble = "the one of an earlier start has not ended (process \(holder))"
      }
      if ar1_monotonic_seconds() > deadline {
        throw LocalPostgresError(
          "the PostgreSQL server in \(folder) did not answer within \(Int(seconds)) s: \(trouble)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private func createDatabaseIfMissing(_ name: String) async throws {
    let exists = try await administration.run { session in
      try session.execute("SELECT 1 FROM pg_database WHERE datname = $1", name).count == 1
    }
    if !exists { _ = try await createDatabase(name) }
  }
}

public struct LocalPostgresError: Error, Sendable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
