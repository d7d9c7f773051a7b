import CAssets
package import PostgresClient

/// The migrations that were built into the program.
package enum EmbeddedMigrations {
  /// Files named `migrations/0001_name.sql`, each with `migrations/0001_name.down.sql`.
  package static func all() throws(PostgresError) -> [Migration] {
    var texts: [String: String] = [:]
    for index in 0..<ar1_asset_count() {
      let asset = ar1_asset_at(index)
      let path = String(cString: asset.path)
      guard path.hasPrefix("migrations/") else { continue }
      texts[String(path.dropFirst("migrations/".count))] = String(
        decoding: UnsafeBufferPointer(start: asset.bytes, count: asset.count), as: UTF8.self)
    }
    var migrations: [Migration] = []
    for (file, text) in texts where !file.hasSuffix(".down.sql") {
      let name = String(file.dropLast(".sql".count))
      guard let number = Int(name.prefix(4)), let down = texts["\(name).down.sql"] else {
        throw PostgresError(.misuse, "the embedded migration \(file) has no number or no way back")
      }
      migrations.append(Migration(number: number, name: name, up: text, down: down))
    }
    return migrations
  }
}
