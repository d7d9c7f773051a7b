internal import Checkpoints
internal import Digests
internal import FoundationEssentials
internal import JobModel
internal import OrderedJSON
internal import WorkerRuntime

/// Files a task leaves for later stages of its job.
///
/// Their names carry the lease's epoch, so a worker whose lease was lost can never overwrite what another one has
/// published; readers open only what the coordinator lists as the job's artifacts and verify the hash.
enum EpochFile {
  /// Writes `lines` to `<folder>/<name>-e<epoch>.jsonl`, durably.
  static func write(
    lines: [JSON], folder: String, name: String, kind: String, lease: Lease
  ) throws -> Artifact {
    var bytes: [UInt8] = []
    for line in lines {
      bytes += Array(line.serialized().utf8)
      bytes.append(UInt8(ascii: "\n"))
    }
    return try write(
      bytes: bytes, path: "\(folder)/\(name)-e\(lease.epoch).jsonl", kind: kind, epoch: lease.epoch)
  }

  /// Writes one file and describes it; the folder is created when it is missing.
  static func write(bytes: [UInt8], path: String, kind: String, epoch: Epoch) throws -> Artifact {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    do {
      try DurableFiles.makeFolder(folder)
      try DurableFiles.replace(path, with: bytes)
    } catch {
      throw OutputError.failure("\(error)")
    }
    return Artifact(
      path: path, sha256: SHA256.digest(of: bytes).hexadecimal, bytes: Int64(bytes.count), epoch: epoch,
      kind: kind)
  }

  /// The lines of a published file, verified against its announcement.
  static func read(_ artifact: Artifact) throws -> [JSON] {
    guard let data = FileManager.default.contents(atPath: artifact.path) else {
      throw OutputError.failure(
        "\(artifact.path) was announced and is not there; is the shared folder mounted on this machine?")
    }
    let bytes = [UInt8](data)
    guard SHA256.digest(of: bytes).hexadecimal == artifact.sha256 else {
      throw OutputError.failure("\(artifact.path) is not the file that was announced: its SHA-256 differs")
    }
    return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
      do {
        return try JSON(parsing: Array(line))
      } catch {
        throw OutputError.failure("\(artifact.path): \(error)")
      }
    }
  }
}

/// What the shared filesystem refused.
enum OutputError {
  /// A full disk or a missing mount can be mended and the task tried again.
  static func failure(_ message: String) -> TaskError { TaskError(.transient, message) }
}
