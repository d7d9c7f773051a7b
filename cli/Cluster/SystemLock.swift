import FoundationEssentials
import Glibc
import OrderedJSON

/// That one system at a time runs in a folder: a lock on its `.ar1/lock`, which also says who holds it.
///
/// The kernel gives the lock back when this process ends, however it ends. Children do not inherit it.
struct SystemLock: Sendable {
  private struct Holder: Codable {
    var process = getpid()
    /// The coordinator's, once it listens.
    var url: String?
    var isStopping = false
  }

  static let relativePath = ".ar1/lock"
  /// Seconds that a system which stops is waited for; its workers have ten to give their tasks back.
  private static let patience = 30

  /// Stays open until the process ends.
  private let descriptor: Int32

  /// Takes the folder for this process. A system there that is about to end is waited for.
  /// - Parameter saying: called with one line when there is something to wait for.
  /// - Throws: `CommandError` when a system runs in the folder.
  static func take(under folder: String, saying say: (String) -> Void) async throws -> SystemLock {
    let path = folder + "/" + relativePath
    try FileManager.default.createDirectory(atPath: folder + "/.ar1", withIntermediateDirectories: true)
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw CommandError("\(path) cannot be opened: \(String(cString: strerror(errno)))")
    }
    let lock = SystemLock(descriptor: descriptor)
    do {
      try await lock.acquire(path, saying: say)
      try lock.write(Holder())
    } catch {
      close(descriptor)
      throw error
    }
    return lock
  }

  private func acquire(_ path: String, saying say: (String) -> Void) async throws {
    let deadline = ContinuousClock.now + .seconds(Self.patience)
    var hasSpoken = false
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else {
        throw CommandError("\(path) cannot be locked: \(String(cString: strerror(errno)))")
      }
      // Unreadable only while its holder writes it.
      let holder = holder(at: path)
      if let holder, !holder.isStopping {
        throw CommandError(
          "a system runs here already (process \(holder.process), \(holder.url ?? "still starting")); "
            + "use it, stop it, or choose another --folder")
      }
      let process = holder.map { "process \($0.process)" } ?? "process unknown"
      if ContinuousClock.now > deadline {
        throw CommandError(
          "the system that ran here (\(process)) has not ended within \(Self.patience) s; end it and try again"
        )
      }
      if let holder, !hasSpoken {
        say("waiting for the system that is stopping here (process \(holder.process))")
        hasSpoken = true
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Notes where the coordinator listens.
  func note(url: String) throws { try write(Holder(url: url)) }

  /// Notes that this process is about to end, so that the next one waits for it.
  func noteStopping() throws { try write(Holder(isStopping: true)) }

  private func write(_ holder: Holder) throws {
    let bytes = Array((try JSON(encoding: holder).serialized() + "\n").utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw CommandError("\(Self.relativePath) cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  private func holder(at path: String) -> Holder? {
    guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
    return try? JSON(parsing: [UInt8](bytes)).decode(Holder.self)
  }
}
