internal import OrderedJSON

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The weights of a model folder in Hugging Face form, in one file or in shards with an index, as one table
/// from name to tensor.
public final class ShardedWeights {
  public let folder: String
  /// In the order of the files and of their headers.
  public let names: [String]
  /// The weight files.
  public let files: [SafetensorsFile]
  private let places: [String: SafetensorsFile]

  /// Opens `model.safetensors`, or else every shard that `model.safetensors.index.json` names.
  public init(folder: String) throws(SafetensorsError) {
    self.folder = folder
    let single = "\(folder)/model.safetensors"
    let index = "\(folder)/model.safetensors.index.json"
    if access(single, F_OK) == 0 {
      let file = try SafetensorsFile(path: single)
      files = [file]
      names = file.names
      places = Dictionary(file.names.map { ($0, file) }, uniquingKeysWith: { $1 })
    } else if access(index, F_OK) == 0 {
      let map = try Self.weightMap(index)
      var opened: [String: SafetensorsFile] = [:]
      var files: [SafetensorsFile] = []
      var places: [String: SafetensorsFile] = [:]
      for (name, shard) in map {
        let file: SafetensorsFile
        if let known = opened[shard] {
          file = known
        } else {
          file = try SafetensorsFile(path: "\(folder)/\(shard)")
          opened[shard] = file
          files.append(file)
        }
        if !file.contains(name) {
          throw SafetensorsError(
            path: index, tensor: name, reason: "the index places it in \(shard), which does not hold it")
        }
        places[name] = file
      }
      self.files = files
      self.places = places
      names = map.map(\.name)
    } else {
      throw SafetensorsError(
        path: folder, reason: "holds neither model.safetensors nor model.safetensors.index.json")
    }
  }

  public func contains(_ name: String) -> Bool { places[name] != nil }

  public func shape(of name: String) throws(SafetensorsError) -> [Int] { try file(name).shape(of: name) }

  public func dtype(of name: String) throws(SafetensorsError) -> SafetensorsDType {
    try file(name).dtype(of: name)
  }

  public func tensor(of name: String) throws(SafetensorsError) -> Tensor { try file(name).tensor(of: name) }

  /// See ``SafetensorsFile/weights(of:as:)``.
  public func weights(of name: String, as dtype: DType) throws(SafetensorsError) -> Tensor {
    try file(name).weights(of: name, as: dtype)
  }

  /// Lets go of the memory that reading a tensor's bytes took.
  public func forget(_ name: String) throws(SafetensorsError) { try file(name).forget(name) }

  public func floats(of name: String) throws(SafetensorsError) -> [Float] { try file(name).floats(of: name) }

  /// A few of a tensor's bytes: enough to tell trained weights from others without reading them.
  public func sample(of name: String) throws(SafetensorsError) -> [UInt8] { try file(name).sample(of: name) }

  func file(_ name: String) throws(SafetensorsError) -> SafetensorsFile {
    guard let file = places[name] else {
      throw SafetensorsError(path: folder, tensor: name, reason: "is in none of its weight files")
    }
    return file
  }

  private static func weightMap(
    _ path: String
  ) throws(SafetensorsError) -> [(name: String, shard: String)] {
    let file = try MappedFile(path: path)
    let json: JSON
    do {
      json = try JSON(parsing: file.bytes)
    } catch {
      throw SafetensorsError(path: path, reason: "is not JSON: \(error)")
    }
    guard let members = json["weight_map"]?.members, !members.isEmpty else {
      throw SafetensorsError(path: path, reason: "has no weight_map from tensor names to files")
    }
    var map: [(name: String, shard: String)] = []
    for member in members {
      guard let shard = member.value.string, !shard.isEmpty, !shard.contains("/"), shard != ".." else {
        throw SafetensorsError(
          path: path, tensor: member.key, reason: "its shard is not the name of a file in the same folder")
      }
      map.append((member.key, shard))
    }
    return map
  }
}
