import Glibc
package import JobModel
import Synchronization

/// Checks on the worker's filesystem what a coordinator can check in the text of a path only: that no link leads out
/// of the folders of the job's lab.
///
/// Every path of the job is followed to where it really is, and its folders are walked for links: what a job writes
/// shall not leave through one either. Each job is looked through once per worker. A lab that puts a link out into its
/// folder while its own job runs is not stopped by this; the permissions of the worker's user are.
package final class ConfinedFiles: Sendable {
  private struct Seen: Sendable {
    var jobs: Set<JobID> = []
  }

  private let seen = Mutex(Seen())
  /// A walk that finds more entries ends, and the job with it.
  static let mostEntries = 5_000_000

  /// Blocks while it walks.
  /// - Throws: `TaskError` of class user-error that names the path and where it leads.
  func check(_ task: ClaimedTask) throws {
    guard let confinement = task.confinement, !seen.withLock({ $0.jobs.contains(task.job) }) else { return }
    let real = try Self.resolved(confinement)
    for path in task.spec.settings.paths {
      let place = Self.resolved(path.path)
      guard real.allows(place, writing: path.isWritten) else {
        throw TaskError(
          .userError,
          "\(path.key): \(path.path) leads to \(place) on the worker's machine, outside of "
            + confinement.places(writing: path.isWritten))
      }
      try walk(place, of: path, within: real)
    }
    seen.withLock { seen in
      // Jobs end without a word here; a set of numbers may be forgotten.
      if seen.jobs.count > 10_000 { seen.jobs = [] }
      seen.jobs.insert(task.job)
    }
  }

  /// Checks a file that a task's input names, as a list does, where it really is.
  /// - Throws: `TaskError` of class user-error that names the file and where it leads.
  package static func check(_ file: String, of task: ClaimedTask) throws {
    guard let confinement = task.confinement else { return }
    let place = resolved(file)
    guard try resolved(confinement).allows(place, writing: false) else {
      throw TaskError(
        .userError,
        "\(file) leads to \(place) on the worker's machine, outside of \(confinement.places(writing: false))")
    }
  }

  private func walk(_ root: String, of path: JobPath, within confinement: PathConfinement) throws {
    var folders = [root]
    var walked: Set<String> = []
    var entries = 0
    while let folder = folders.popLast() {
      guard walked.insert(folder).inserted, let stream = opendir(folder) else { continue }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard name != ".", name != ".." else { continue }
        entries += 1
        guard entries <= Self.mostEntries else {
          throw TaskError(
            .userError, "\(path.key): \(path.path) holds more than \(Self.mostEntries) files and folders")
        }
        let inner = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
        switch Self.kind(of: inner, hint: Int32(entry.pointee.d_type)) {
        case Int32(DT_DIR): folders.append(inner)
        case Int32(DT_LNK):
          let place = Self.resolved(inner)
          guard confinement.allows(place, writing: path.isWritten) else {
            throw TaskError(
              .userError,
              "\(path.key): the link \(inner) leads to \(place), outside of "
                + "\(confinement.places(writing: path.isWritten)); put a copy there instead")
          }
          folders.append(place)
        default: break
        }
      }
    }
  }

  /// What a folder's entry is; some filesystems do not say it with the name.
  private static func kind(of path: String, hint: Int32) -> Int32 {
    guard hint == Int32(DT_UNKNOWN) else { return hint }
    var status = stat()
    guard lstat(path, &status) == 0 else { return hint }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return Int32(DT_DIR)
    case S_IFLNK: return Int32(DT_LNK)
    default: return Int32(DT_REG)
    }
  }

  /// The folders as they really are here.
  private static func resolved(_ confinement: PathConfinement) throws -> PathConfinement {
    PathConfinement(
      lab: try confinement.lab.map { try existing($0, "the lab's folder") },
      shared: try confinement.shared.map { try existing($0, "the public folder") })
  }

  private static func existing(_ folder: String, _ name: String) throws -> String {
    guard let place = canonical(folder) else {
      throw TaskError(
        .userError, "\(name) \(folder) does not exist on the worker's machine; make it, or mount it there")
    }
    return place
  }

  /// Where a path really is; of one that does not exist yet, its nearest existing folder decides.
  /// - Parameter links: how many dangling links were followed so far; circles end.
  static func resolved(_ path: String, links: Int = 0) -> String {
    var head = Substring(path)
    var tail = ""
    while !head.isEmpty {
      if let place = canonical(String(head)) {
        return place == "/" ? "/" + tail.drop { $0 == "/" } : place + tail
      }
      // A link whose target is missing has a place too, which would come into being by writing.
      if links < 40, let target = target(of: String(head)) {
        return resolved(target + tail, links: links + 1)
      }
      guard let slash = head.lastIndex(of: "/") else { break }
      tail = head[slash...] + tail
      head = head[..<slash]
    }
    return tail.isEmpty ? "/" : tail
  }

  private static func canonical(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The absolute target of a link that dangles.
  private static func target(of path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0, count < buffer.count else { return nil }
    let text = String(decoding: buffer[..<count], as: UTF8.self)
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    return AbsolutePath.of(text, relativeTo: folder.isEmpty ? "/" : folder)
  }
}
