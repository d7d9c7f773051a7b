internal import Checkpoints
internal import FoundationEssentials
package import Inspection
internal import OrderedJSON
internal import WorkerRuntime

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// Scores kept by content: what one model said of one image to one prompt, for any later run.
///
/// A file per image below `<folder>/<key of model and prompt>/`. A file that is damaged counts as absent, so nothing
/// need be flushed; deleting the folder costs time only. It lies where the job's output lies, so labs do not share it.
package struct ScoreCache: Sendable {
  private let folder: String

  /// - Parameter key: SHA-256 of everything but the image that decides about a score.
  package init(folder: String, key: String) { self.folder = folder + "/" + key.prefix(32) }

  private func path(_ sha256: String) -> String { "\(folder)/\(sha256.prefix(2))/\(sha256).json" }

  /// The row of an image with this content, without its path; nil for one not scored yet.
  package func row(_ sha256: String) -> ScoreRow? {
    guard let data = FileManager.default.contents(atPath: path(sha256)), let json = try? JSON(parsing: data),
      let row = try? ScoreRow(json), row.sha256 == sha256
    else { return nil }
    return row
  }

  /// Keeps a row under its content's hash; rows without one are not kept.
  package func store(_ row: ScoreRow) throws {
    guard let sha256 = row.sha256 else { return }
    let path = path(sha256)
    let draft = DurableFiles.draft(of: path)
    let bytes = Array(row.json.serialized().utf8)
    if write(bytes, to: draft), rename(draft, path) == 0 { return }
    // The folder is made when it is needed first.
    do {
      try DurableFiles.makeFolder("\(folder)/\(sha256.prefix(2))")
    } catch {
      throw OutputError.failure("\(error)")
    }
    guard write(bytes, to: draft), rename(draft, path) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(draft)
      throw OutputError.failure("cannot write \(path): \(reason)")
    }
  }

  private func write(_ bytes: [UInt8], to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Self.put(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      done += count
    }
    return true
  }

  private static func put(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes, count)
    #else
      Musl.write(descriptor, bytes, count)
    #endif
  }
}
