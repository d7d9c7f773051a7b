import Glibc

/// The server's programs on this machine.
struct PostgresPrograms: Sendable, Equatable {
  let initdb: String
  let postgres: String

  /// Looks in PATH, then where Debian, Ubuntu and Red Hat put versions side by side, newest first.
  static func find(path: String) throws(LocalPostgresError) -> PostgresPrograms {
    var folders = path.split(separator: ":").map(String.init)
    for (root, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")] {
      let versions = Folder.entries(of: root).compactMap { name -> (Int, String)? in
        guard name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)) else { return nil }
        return (number, "\(root)/\(name)/bin")
      }
      folders += versions.sorted { $0.0 > $1.0 }.map(\.1)
    }
    for folder in folders {
      let programs = PostgresPrograms(initdb: "\(folder)/initdb", postgres: "\(folder)/postgres")
      if access(programs.initdb, X_OK) == 0, access(programs.postgres, X_OK) == 0 { return programs }
    }
    throw LocalPostgresError(
      "no PostgreSQL server found in PATH, /usr/lib/postgresql/*/bin and /usr/pgsql-*/bin: "
        + "install one (on Debian and Ubuntu: apt-get install postgresql), or name a database to use instead")
  }
}
