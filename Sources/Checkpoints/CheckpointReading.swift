internal import Digests
internal import FoundationEssentials
public import Tensors

/// A published checkpoint opened for reading, with the versions it is a difference to.
///
/// Opening verifies its manifest against the hash that the ledger announced, and the manifests it builds on
/// against the hashes it names; every tensor is verified against its own hash when it is read.
public struct Checkpoint: Sendable {
  /// From the anchor to the version itself.
  private let links: [CheckpointLink]
  private var last: CheckpointLink { links[links.count - 1] }

  public var folder: String { last.folder }
  public var manifest: CheckpointManifest { last.manifest }
  /// What a ledger announces it by.
  public var manifestSHA256: String { last.manifestSHA256 }
  /// The folders it needs, from its anchor to itself.
  public var chain: [String] { links.map(\.folder) }

  /// Opens `folder`.
  ///
  /// - Parameter manifestSHA256: what the ledger announced; nil when a person names the folder.
  public init(folder: String, manifestSHA256: String? = nil) throws {
    var links = [try CheckpointLink(folder: folder, manifestSHA256: manifestSHA256)]
    let beside = Self.folder(around: folder)
    while let base = links[0].manifest.base {
      // A base is older than what builds on it, so no chain can run in a circle.
      guard let name = CheckpointName(base.name), name.step < links[0].manifest.step else {
        throw CheckpointError("\(links[0].folder)/manifest.json names the base \(base.name), which is none")
      }
      let path = "\(beside)\(name)"
      do {
        links.insert(try CheckpointLink(folder: path, manifestSHA256: base.manifestSHA256), at: 0)
      } catch {
        throw CheckpointError("\(links[0].folder) is a difference to a version that cannot be read: \(error)")
      }
    }
    self.links = links
  }

  /// Where the folders beside one lie, with the slash that their names come behind; people name a folder with a slash
  /// at its end too, or as the one they are in.
  private static func folder(around folder: String) -> String {
    var path = folder[...]
    while path.count > 1, path.last == "/" { path = path.dropLast() }
    let name = path.split(separator: "/").last ?? ""
    if name == "." || name == ".." { return "\(path)/../" }
    return path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  /// The names of the stored tensors, in file order.
  public var names: [String] { manifest.tensors.map(\.name) }

  /// Reads every tensor and compares it with its hash.
  ///
  /// - Throws: `CheckpointError` for the first tensor that is damaged.
  public func verify() throws {
    for entry in manifest.tensors { _ = try words(of: entry, holding: nil) }
  }

  /// Reads the values of `name` into `tensor`, in place, and verifies them before they are taken over.
  ///
  /// Where `tensor` holds the values of an earlier version of the chain, only the differences since then are read.
  ///
  /// - Throws: `CheckpointError` when there is no such tensor, its shape or form is another or the payload is
  ///   damaged; `tensor` is then as it was.
  public func load(_ name: String, into tensor: Tensor) throws {
    let entry = try entry(of: tensor, as: name)
    let words =
      links.count > 1
      ? try tensor.withReadBytes { try self.words(of: entry, holding: $0) }
      : try self.words(of: entry, holding: nil)
    tensor.replaceBytes(words)
  }

  /// Whether `tensor` has, bit by bit, the values that are stored under `name`.
  public func holds(_ tensor: Tensor, as name: String) throws -> Bool {
    let entry = try entry(of: tensor, as: name)
    return try tensor.withReadBytes { SHA256.digest(of: $0).hexadecimal } == entry.sha256
  }

  private func entry(of tensor: Tensor, as name: String) throws -> CheckpointManifest.Entry {
    guard let entry = last[name] else {
      throw CheckpointError("\(folder) holds no tensor \(name)", isDamage: false)
    }
    guard entry.shape == tensor.shape else {
      throw CheckpointError(
        "\(folder): \(name) has shape \(entry.shape), the model wants \(tensor.shape)", isDamage: false)
    }
    guard entry.type == CheckpointManifest.ValueType(tensor.dtype) else {
      throw CheckpointError(
        "\(folder): \(name) is stored as \(entry.type.rawValue), the model keeps it as \(tensor.dtype.rawValue); "
          + "set dtype to what the training had", isDamage: false)
    }
    return entry
  }

  /// The verified little-endian values of a tensor.
  ///
  /// - Parameter holding: values that may be those of an earlier version.
  private func words(
    of entry: CheckpointManifest.Entry, holding present: UnsafeRawBufferPointer?
  ) throws -> [UInt8] {
    do {
      var (words, next) = try start(entry, holding: present)
      while next < links.count {
        let difference = try links[next].words(of: entry)
        words.withUnsafeMutableBytes { words in
          difference.withUnsafeBytes { BytePlanes.combine(words, with: $0) }
        }
        next += 1
      }
      let found = SHA256.digest(of: words).hexadecimal
      guard found == entry.sha256 else {
        throw CheckpointError("its SHA-256 is \(found) instead of \(entry.sha256)")
      }
      return words
    } catch let error as CheckpointError {
      let through = links.count > 1 ? " (read through \(links.count) links from \(links[0].folder))" : ""
      throw CheckpointError("\(folder): the payload of \(entry.name) is damaged\(through): \(error)")
    }
  }

  /// Values to begin with, and the first link whose difference has to be applied to them.
  private func start(
    _ entry: CheckpointManifest.Entry, holding present: UnsafeRawBufferPointer?
  ) throws -> (words: [UInt8], next: Int) {
    if let present {
      let held = SHA256.digest(of: present).hexadecimal
      if let link = links.lastIndex(where: { $0[entry.name]?.sha256 == held }) {
        return ([UInt8](present), link + 1)
      }
    }
    return (try links[0].words(of: entry), 1)
  }
}
