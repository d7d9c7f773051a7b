internal import Digests
internal import FoundationEssentials
internal import Synchronization
internal import WorkerRuntime

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// Hashes that name where a result comes from.
enum ModelIdentity {
  private static let known = Mutex<[String: String]>([:])

  /// SHA-256 over the weight files of a model folder, in the order of their names.
  static func hash(folder: String) throws -> String {
    let key = LoadedModel.stamp(of: folder) + "@" + folder
    if let hash = known.withLock({ $0[key] }) { return hash }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(".safetensors") }.sorted()
    guard !names.isEmpty else { throw TaskError(.userError, "\(folder) holds no .safetensors file") }
    var hash = SHA256()
    for name in names { try add(file: folder + "/" + name, to: &hash) }
    let text = hash.finalize().hexadecimal
    known.withLock { $0[key] = text }
    return text
  }

  /// SHA-256 over everything in a model folder that decides what the model says: weights, configuration, tokenizer.
  static func fullHash(folder: String) throws -> String {
    var hash = SHA256()
    hash.update(try self.hash(folder: folder).utf8)
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(".json") || $0.hasSuffix(".txt") }.sorted()
    for name in names {
      hash.update(name.utf8)
      try add(file: folder + "/" + name, to: &hash)
    }
    return hash.finalize().hexadecimal
  }

  /// SHA-256 of one file.
  static func hash(file: String) throws -> String {
    var hash = SHA256()
    try add(file: file, to: &hash)
    return hash.finalize().hexadecimal
  }

  /// SHA-256 of lines of text.
  static func hash(lines: [String]) -> String {
    var hash = SHA256()
    for line in lines { hash.update((line + "\n").utf8) }
    return hash.finalize().hexadecimal
  }

  private static func add(file: String, to hash: inout SHA256) throws {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw TaskError(.userError, "cannot open \(file): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw TaskError(.transient, "cannot read \(file): \(String(cString: strerror(errno)))")
      }
      if count == 0 { return }
      buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }
}
