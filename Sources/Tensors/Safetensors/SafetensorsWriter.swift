internal import OrderedJSON

/// Writes safetensors files whole or not at all.
public enum SafetensorsWriter {
  /// Writes beside `path` first, then takes its place, so that a reader sees the old file or the new one
  /// and a crash leaves no half file under this name.
  /// - Throws: ``SafetensorsError`` for what cannot be written or read on the way, ``CUDAError`` where a GPU that holds a
  ///   tensor has failed.
  public static func write(
    _ tensors: [(name: String, tensor: SafetensorsTensor)], to path: String, metadata: [String: String] = [:]
  ) throws {
    // Wide elements first: then every tensor begins at a multiple of its element size.
    let ordered = tensors.enumerated().sorted {
      ($1.element.tensor.dtype.size, $0.offset) < ($0.element.tensor.dtype.size, $1.offset)
    }.map(\.element)
    let header = try header(ordered, path: path, metadata: metadata)
    let file = try ReplacedFile(path)
    try header.withUnsafeBytes { try file.append($0) }
    for (_, tensor) in ordered { try tensor.forEachPiece { try file.append($0) } }
    try file.commit()
  }

  private static func header(
    _ tensors: [(name: String, tensor: SafetensorsTensor)], path: String, metadata: [String: String]
  ) throws(SafetensorsError) -> [UInt8] {
    var members: [JSON.Member] = []
    if !metadata.isEmpty {
      let items = metadata.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
      members.append(JSON.Member("__metadata__", .object(items)))
    }
    var names: Set<String> = ["__metadata__"]
    var offset = 0
    for (name, tensor) in tensors {
      func refuse(_ reason: String) -> SafetensorsError {
        SafetensorsError(path: path, tensor: name, reason: reason)
      }
      if !names.insert(name).inserted { throw refuse("the name is taken, in the file or by the format") }
      if tensor.count != tensor.shape.reduce(1, *) {
        throw refuse("\(tensor.count) values do not fill the shape \(tensor.shape)")
      }
      let end = offset + tensor.count * tensor.dtype.size
      members.append(
        JSON.Member(
          name,
          .object([
            JSON.Member("dtype", .string(tensor.dtype.rawValue)),
            JSON.Member("shape", .array(tensor.shape.map(JSON.integer))),
            JSON.Member("data_offsets", .array([.integer(offset), .integer(end)])),
          ])))
      offset = end
    }
    var json = JSON.object(members).serializedBytes()
    // The format asks for multiples of 8; values that begin on a line of the processor's cache are read sooner.
    while (8 + json.count) % 64 != 0 { json.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
  }
}
