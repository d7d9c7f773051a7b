internal import CKernels
internal import Synchronization

/// A safetensors file, mapped into memory and checked when it is opened. Tensors are parts of the mapping where
/// they can be, and converted copies otherwise.
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

  /// The values as weights in the form `dtype`: a part of the mapped file where they are stored in it, and made
  /// once in memory of their own otherwise.
  ///
  /// A mapped tensor may be written to (the file is not changed), and costs no memory before it is read.
  /// - Throws: for a `dtype` other than float32 when the tensor is no matrix, and for int8 also when a value is
  ///   not finite.
  public func weights(of name: String, as dtype: DType) throws(SafetensorsError) -> Tensor {
    let entry = try entry(name)
    if dtype != .float32 && entry.shape.count < 2 {
      throw SafetensorsError(
        path: path, tensor: name, reason: "its shape \(entry.shape) is no matrix, which \(dtype) is for")
    }
    switch (dtype, entry.dtype) {
    case (.float32, .float32) where !entry.bytes.isEmpty && isAligned(entry, to: 4):
      return Tensor(storage: Storage(mapped: file, entry.bytes), offset: 0, shape: entry.shape)
    case (.bfloat16, .bfloat16) where !entry.bytes.isEmpty:
      return Tensor(compact: .bfloat16, storage: Storage(mapped: file, entry.bytes), shape: entry.shape)
    case (.float32, _):
      let tensor = try tensor(of: name)
      file.forget(entry.bytes)
      return tensor
    default:
      return try compacted(entry, as: dtype)
    }
  }

  /// A tensor that ``SafetensorsTensor/compact(_:)`` wrote, as a part of the mapped file.
  ///
  /// - Parameter shape: of the matrix that was written.
  public func compactWeights(
    of name: String, as dtype: DType, shape: [Int]
  ) throws(SafetensorsError) -> Tensor {
    let entry = try entry(name)
    guard shape.count >= 2, entry.dtype == .uint8, entry.shape == dtype.storedShape(of: shape) else {
      throw SafetensorsError(
        path: path, tensor: name,
        reason: "\(entry.dtype.rawValue) \(entry.shape) does not hold a matrix of shape \(shape) in \(dtype)")
    }
    if entry.bytes.isEmpty { return Tensor(compact: dtype, storage: Storage(bytes: 0), shape: shape) }
    return Tensor(compact: dtype, storage: Storage(mapped: file, entry.bytes), shape: shape)
  }

  /// Lets go of the memory that reading a tensor's bytes took.
  func forget(_ name: String) throws(SafetensorsError) { file.forget(try entry(name).bytes) }

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

  /// A few of a tensor's bytes, spread over it: enough to tell trained weights from others without reading them.
  func sample(of name: String) throws(SafetensorsError) -> [UInt8] {
    let bytes = try entry(name).bytes
    let (places, length) = (4, 64)
    if bytes.count <= places * length { return Array(file.bytes[bytes]) }
    return (0..<places).flatMap { place in
      let start = bytes.lowerBound + (bytes.count - length) / (places - 1) * place
      return Array(file.bytes[start..<start + length])
    }
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
    Parallel.ranges(of: count) { range in
      convert(
        entry, from: range.lowerBound * entry.dtype.size, to: target + range.lowerBound, count: range.count)
    }
  }

  /// - Parameter offset: of the first element, in bytes from the tensor's beginning.
  private func convert(
    _ entry: SafetensorsHeader.Entry, from offset: Int, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    guard count > 0, let base = file.bytes.baseAddress else { return }
    let source = base + entry.bytes.lowerBound + offset
    switch entry.dtype {
    case .float32: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * 4)
    case .bfloat16: ck_bf16_to_f32(source, target, count)
    case .float16: ck_f16_to_f32(source, target, count)
    case .float64:
      for i in 0..<count {
        target[i] = Float(source.loadUnaligned(fromByteOffset: i * 8, as: Double.self))
      }
    default:
      for i in 0..<count { target[i] = Float(integer(offset / entry.dtype.size + i, of: entry)) }
    }
  }

  private func isAligned(_ entry: SafetensorsHeader.Entry, to size: Int) -> Bool {
    Int(bitPattern: file.bytes.baseAddress) % size == 0 && entry.bytes.lowerBound % size == 0
  }

  /// A matrix converted panel by panel, so that no float32 copy of it exists as a whole.
  private func compacted(
    _ entry: SafetensorsHeader.Entry, as dtype: DType
  ) throws(SafetensorsError) -> Tensor {
    let stored = dtype.storedShape(of: entry.shape)
    let storage = Storage(bytes: stored[0] * stored[1])
    try compact(entry, as: dtype, panels: 0..<stored[0], into: storage.base)
    file.forget(entry.bytes)
    return Tensor(compact: dtype, storage: storage, shape: entry.shape)
  }

  /// Writes panels of a matrix in a compact form, one directly behind the other.
  func compact(
    _ name: String, as dtype: DType, panels: Range<Int>, into target: UnsafeMutableRawPointer
  ) throws(SafetensorsError) {
    try compact(try entry(name), as: dtype, panels: panels, into: target)
  }

  private func compact(
    _ entry: SafetensorsHeader.Entry, as dtype: DType, panels: Range<Int>,
    into target: UnsafeMutableRawPointer
  ) throws(SafetensorsError) {
    let columns = entry.shape.dropFirst().reduce(1, *)
    let (height, bytes) = (dtype.panelRows, dtype.panelBytes(columns: columns))
    if panels.isEmpty || columns == 0 { return }
    let broken = Atomic<Int>(-1)
    Parallel.ranges(of: panels.count, cost: 4 * columns * height) { part in
      let values = Storage(count: height * columns)
      for index in part {
        let first = (panels.lowerBound + index) * height
        let rows = min(height, entry.shape[0] - first)
        convert(
          entry, from: first * columns * entry.dtype.size, to: values.pointer, count: rows * columns)
        if dtype == .bfloat16 {
          ck_f32_to_bf16(values.pointer, target + index * bytes, columns)
          continue
        }
        let bad = (0..<rows).first { !ck_all_finite(values.pointer + $0 * columns, columns) }
        if let bad {
          broken.store(first + bad, ordering: .relaxed)
        } else {
          ck_quantize_weights(values.pointer, rows, columns, target + index * bytes)
        }
      }
    }
    let row = broken.load(ordering: .relaxed)
    if row >= 0 {
      throw SafetensorsError(
        path: path, tensor: entry.name, reason: "row \(row) holds a value that is not a finite number")
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
