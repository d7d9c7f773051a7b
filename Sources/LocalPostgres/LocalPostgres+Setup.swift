import Digests
import Glibc

extension LocalPostgres {
  /// PostgreSQL refuses to run as root.
  package static func unprivilegedOwner() throws(LocalPostgresError) -> ChildProcess.Owner? {
    guard geteuid() == 0 else { return nil }
    for name in ["postgres", "nobody"] {
      if let owner = ChildProcess.Owner.named(name) { return owner }
    }
    throw LocalPostgresError(
      "PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody' to run it as")
  }

  /// The folder itself, or one in /var/tmp where the server's user can reach it (a folder below /root, say).
  package static func place(for folder: String, owner: ChildProcess.Owner?) throws(LocalPostgresError)
    -> String
  {
    guard folder.hasPrefix("/") else {
      throw LocalPostgresError("the server's folder must be an absolute path, found '\(folder)'")
    }
    guard let owner, Folder.closedParent(of: folder, to: owner) != nil else { return folder }
    return "/var/tmp/ar1-postgres-\(fingerprint(folder))"
  }

  static func socketFolder(
    for folder: String, owner: ChildProcess.Owner?
  ) throws(LocalPostgresError) -> String {
    if "\(folder)/.s.PGSQL.\(port)".utf8.count <= longestSocketPath { return folder }
    let short = "/tmp/ar1-\(fingerprint(folder))"
    var status = stat()
    if lstat(short, &status) == 0 {
      let expected = owner.map { uid_t($0.user) } ?? geteuid()
      guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == expected else {
        throw LocalPostgresError("\(short), where the server's socket should be, belongs to someone else")
      }
    }
    try Folder.make(short, mode: 0o700, owner: owner)
    return short
  }

  /// The same folder always gets the same name.
  static func fingerprint(_ text: String) -> String { FNV1a(text).text }

  static func environment(home: String) -> [String: String] {
    ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home, "LC_ALL": "C", "TZ": "UTC"]
  }

  /// Runs initdb beside the final place and renames, so that a half-made cluster is never taken for one.
  static func initialise(
    _ data: String, in folder: String, with programs: PostgresPrograms, owner: ChildProcess.Owner?
  ) async throws {
    let fresh = "\(data).new"
    Folder.remove(fresh)
    let log = "\(folder)/initdb.log"
    let child = try ChildProcess.start(
      .init(
        program: programs.initdb,
        arguments: [
          "-D", fresh, "-U", user, "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync",
          "--no-instructions",
        ], environment: environment(home: folder), folder: folder, output: .file(log), error: .file(log),
        owner: owner))
    let exit = await child.waitForExit()
    guard exit == .code(0) else {
      throw LocalPostgresError("initdb failed (\(exit)):\n\(Folder.tail(of: log, lines: 8))")
    }
    guard rename(fresh, data) == 0 else {
      throw LocalPostgresError("cannot rename \(fresh): \(String(cString: strerror(errno)))")
    }
  }

  /// The process that has the server's data, as PostgreSQL notes it there; nil when none that lives has it.
  static func holder(of folder: String) -> Int32? {
    guard let process = Int32(Folder.firstLine(of: "\(folder)/data/postmaster.pid")), process > 0 else {
      return nil
    }
    return kill(process, 0) == 0 || errno == EPERM ? process : nil
  }

  static func settings(_ options: Options, socketFolder: String) -> [String] {
    var settings = [
      "listen_addresses=", "unix_socket_directories=\(socketFolder)", "port=\(port)",
      "max_connections=\(options.maxConnections)", "logging_collector=off", "log_timezone=UTC",
      "timezone=UTC",
      "shared_buffers=32MB", "max_wal_size=256MB",
    ]
    if !options.durable {
      settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"]
    }
    return settings
  }
}
