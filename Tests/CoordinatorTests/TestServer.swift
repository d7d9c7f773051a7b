import FoundationEssentials
import Glibc
import LocalPostgres
import PostgresClient
import Synchronization

/// A private PostgreSQL server in a temporary folder, started once for all tests that do not stop it.
actor TestServer {
  private let folder: String
  private var server: LocalPostgres?
  private var databases = 0

  private static let common = Task { try await TestServer() }

  /// The server of the whole run. It ends with the process, and takes its folder along.
  static func shared() async throws -> TestServer { try await common.value }

  init() async throws {
    var path = Array("/tmp/ar1-test-XXXXXX".utf8CString)
    guard mkdtemp(&path) != nil else { throw CocoaError(.fileWriteUnknown) }
    folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // The server runs as another user where the tests run as root.
    chmod(folder, 0o755)
    AtExit.remove(folder)
    try await start()
  }

  func start() async throws {
    server = try await LocalPostgres.start(
      folder: folder + "/pg", options: LocalPostgres.Options(durable: false))
  }

  func stop() async throws {
    guard let running = server else { return }
    server = nil
    try await running.stop()
  }

  func newDatabase() async throws -> PostgresAddress {
    guard let server else { throw CocoaError(.fileNoSuchFile) }
    databases += 1
    return try await server.createDatabase("test\(databases)")
  }
}

/// Folders to remove when the tests end.
private enum AtExit {
  private static let folders = Mutex<[String]>([])
  private static let registered: Bool = {
    atexit {
      for folder in AtExit.folders.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: folder) }
    } == 0
  }()

  static func remove(_ folder: String) {
    if registered { folders.withLock { $0.append(folder) } }
  }
}
