import FoundationEssentials
import Glibc
import OrderedJSON

/// That one system at a time runs in a folder: a lock on its `.ar1/lock`, which also says who holds it.
///
/// The processes of a system hold it together: the kernel gives it back when the last of them has ended, however each
/// ends. So what a killed one leaves behind for a moment, its database and its port, is waited for.
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

  /// Stays open until the process ends, and is for what it starts to keep.
  let descriptor: Int32

  /// Takes the folder for this process. A system there that is about to end, or was killed, is waited for.
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
      let isKilled = holder.map { !Self.runs($0.process) } ?? false
      if let holder, !holder.isStopping, !isKilled {
        throw CommandError(
          "a system runs here already (process \(holder.process), \(holder.url ?? "still starting")); "
            + "use it, stop it, or choose another --folder")
      }
      let process = holder.map { "process \($0.process)" } ?? "process unknown"
      if ContinuousClock.now > deadline {
        let left = processesThatKeepIt().map(String.init).joined(separator: ", ")
        throw CommandError(
          "the system that ran here (\(process)) has not ended within \(Self.patience) s; end what is left of it "
            + "(\(left.isEmpty ? "another user's processes" : "process \(left)")) and try again")
      }
      if let holder, !hasSpoken {
        say(
          isKilled
            ? "waiting for the end of what a killed system has left here (it was process \(holder.process))"
            : "waiting for the system that is stopping here (process \(holder.process))")
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

  /// Whether there is such a process; one that has ended and that nobody has asked about yet is none.
  private static func runs(_ process: Int32) -> Bool {
    guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
    // "12 (name) S …", and a name may have parentheses too.
    guard let end = bytes.lastIndex(of: UInt8(ascii: ")")), end + 2 < bytes.endIndex else { return false }
    return bytes[end + 2] != UInt8(ascii: "Z") && bytes[end + 2] != UInt8(ascii: "X")
  }

  /// The other processes that have the file open, as far as this user may see them.
  private func processesThatKeepIt() -> [Int32] {
    var own = stat()
    guard fstat(descriptor, &own) == 0 else { return [] }
    func entries(_ folder: String) -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }
    return entries("/proc").compactMap { Int32($0) }.filter { $0 != getpid() }.sorted().filter { process in
      entries("/proc/\(process)/fd").contains { name in
        var other = stat()
        return stat("/proc/\(process)/fd/\(name)", &other) == 0 && other.st_dev == own.st_dev
          && other.st_ino == own.st_ino
      }
    }
  }

  private func holder(at path: String) -> Holder? {
    guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
    return try? JSON(parsing: [UInt8](bytes)).decode(Holder.self)
  }
}
