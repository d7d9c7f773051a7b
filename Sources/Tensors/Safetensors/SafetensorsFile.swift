internal import CKernels

/// A safetensors file, mapped into memory and checked when it is opened. Values are converted and copied
/// out on demand.
public final class SafetensorsFile {
  public let path: String
  /// In the order of the header.
  public let names: [String]
  /// The header's free text, such as `["format": "pt"]`.
  public let metadata: [String: String]
  private let file: MappedFile
  private let entries: [String: SafetensorsHeader.Entry]

  /// Opens and checks a file: the header's length, every tensor's format, and that shapes, offsets and the
  /// file's size agree without overlap.
  public init(path: String) throws(SafetensorsError) {
    let file = try MappedFile(path: path)
    let header = try SafetensorsHeader(file)
    self.path = path
    self.file = file
    names = header.entries.map(\.name)
    metadata = header.metadata
    entries = Dictionary(header.entries.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
  }

  public func contains(_ name: String) -> Bool { entries[name] != nil }

  public func shape(of name: String) throws(SafetensorsError) -> [Int] { try entry(name).shape }

  public func dtype(of name: String) throws(SafetensorsError) -> SafetensorsDType { try entry(name).dtype }

  /// The values in float32; wider and whole numbers are rounded.
  public func floats(of name: String) throws(SafetensorsError) -> [Float] {
    let entry = try entry(name)
    let count = entry.bytes.count / entry.dtype.size
    return [Float](unsafeUninitializedCapacity: count) { target, initialized in
      if let base = target.baseAddress { convert(entry, to: base, count: count) }
      initialized = count
    }
  }

  /// The values as a tensor in memory of its own.
  public func tensor(of name: String) throws(SafetensorsError) -> Tensor {
    let entry = try entry(name)
    let tensor = Tensor(uninitialized: entry.shape)
    convert(entry, to: tensor.pointer, count: tensor.count)
    return tensor
  }

  /// The values of a tensor of whole numbers.
  public func integers(of name: String) throws(SafetensorsError) -> [Int] {
    let entry = try entry(name)
    if !entry.dtype.isInteger {
      throw SafetensorsError(
        path: path, tensor: name, reason: "whole numbers wanted, it holds \(entry.dtype.rawValue)")
    }
    let count = entry.bytes.count / entry.dtype.size
    return (0..<count).map { integer($0, of: entry) }
  }

  /// The bytes as stored, little-endian.
  public func bytes(of name: String) throws(SafetensorsError) -> [UInt8] {
    Array(file.bytes[try entry(name).bytes])
  }

  private func entry(_ name: String) throws(SafetensorsError) -> SafetensorsHeader.Entry {
    guard let entry = entries[name] else {
      throw SafetensorsError(path: path, tensor: name, reason: "is not in the file")
    }
    return entry
  }

  private func convert(
    _ entry: SafetensorsHeader.Entry, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    guard count > 0, let base = file.bytes.baseAddress else { return }
    let source = base + entry.bytes.lowerBound
    Parallel.ranges(of: count) { range in
      let (from, to) = (source + range.lowerBound * entry.dtype.size, target + range.lowerBound)
      switch entry.dtype {
      case .float32:
        UnsafeMutableRawPointer(to).copyMemory(from: from, byteCount: range.count * 4)
      case .bfloat16: ck_bf16_to_f32(from, to, range.count)
      case .float16: ck_f16_to_f32(from, to, range.count)
      case .float64:
        for i in 0..<range.count { to[i] = Float(from.loadUnaligned(fromByteOffset: i * 8, as: Double.self)) }
      default:
        for i in 0..<range.count { to[i] = Float(integer(range.lowerBound + i, of: entry)) }
      }
    }
  }

  private func integer(_ index: Int, of entry: SafetensorsHeader.Entry) -> Int {
    let offset = entry.bytes.lowerBound + index * entry.dtype.size
    return switch entry.dtype {
    case .int64: Int(Int64(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self)))
    case .int32: Int(Int32(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    case .int16: Int(Int16(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self)))
    case .int8: Int(Int8(bitPattern: file.bytes[offset]))
    default: Int(file.bytes[offset])
    }
  }
}
