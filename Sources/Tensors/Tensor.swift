/// A dense row-major array of numbers that can remember how it was computed: float32, or weights in a compact
/// form (see ``DType``).
///
/// An operation records its history if and only if one of its inputs requires gradients; there is no global
/// switch. A tensor is used by one thread at a time; it is not `Sendable` on purpose.
///
/// Shapes are written in comments as `[rows, columns]`; a scalar has the shape `[]`.
public final class Tensor {
  public let shape: [Int]
  /// The number of elements.
  public let count: Int
  public let dtype: DType
  let storage: Storage
  /// Where this tensor's elements begin in the storage; 0 for compact forms.
  let offset: Int
  /// How this tensor was computed; nil for leaves and for values without history.
  var node: Node?
  let isParameter: Bool
  /// For a parameter: the sum of the gradients of every `backward()` since `zeroGradient()`, nil before the
  /// first. It changes in place at the next `backward()`; take `values` to keep it.
  public internal(set) var gradient: Tensor?
  /// The gradient's memory is also another tensor's: it is read, never added to.
  var gradientIsShared = false

  init(storage: Storage, offset: Int, shape: [Int], isParameter: Bool = false) {
    self.storage = storage
    self.offset = offset
    self.shape = shape
    self.count = shape.reduce(1, *)
    self.dtype = .float32
    self.isParameter = isParameter
    precondition(
      offset >= 0 && offset + count <= storage.count,
      "a tensor of shape \(shape) at \(offset) exceeds its storage of \(storage.count) elements")
  }

  /// A weight matrix in a compact form: as many rows as the first dimension says, the others are its columns.
  init(compact dtype: DType, storage: Storage, shape: [Int], isParameter: Bool = false) {
    precondition(dtype != .float32 && shape.count >= 2, "a compact tensor of shape \(shape) in \(dtype)")
    self.storage = storage
    self.offset = 0
    self.shape = shape
    self.count = shape.reduce(1, *)
    self.dtype = dtype
    self.isParameter = isParameter
    precondition(
      storage.byteCount
        >= dtype.panels(rows: shape[0]) * dtype.panelBytes(columns: shape.dropFirst().reduce(1, *)),
      "a tensor of shape \(shape) in \(dtype) exceeds its storage of \(storage.byteCount) bytes")
  }

  /// Memory whose elements the caller writes before anyone reads them.
  /// - Parameter sparse: many of them may never be written, and take no memory of the processor's then.
  package convenience init(uninitialized shape: [Int], sparse: Bool = false, on device: CUDADevice? = nil) {
    precondition(shape.allSatisfy { $0 >= 0 }, "a tensor cannot have the shape \(shape)")
    let count = shape.reduce(1, *)
    let storage =
      device.map { Storage(bytes: count * MemoryLayout<Float>.stride, on: $0) }
      ?? Storage(count: count, sparse: sparse)
    self.init(storage: storage, offset: 0, shape: shape)
  }

  /// Copies `values`, whose number must be the product of `shape`.
  public convenience init(_ values: [Float], shape: [Int]) {
    self.init(copying: values, shape: shape, isParameter: false)
  }

  private convenience init(copying values: [Float], shape: [Int], isParameter: Bool) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && values.count == shape.reduce(1, *),
      "\(values.count) values do not fill the shape \(shape)")
    let storage = Storage(count: values.count)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { storage.pointer.update(from: base, count: source.count) }
    }
    self.init(storage: storage, offset: 0, shape: shape, isParameter: isParameter)
  }

  /// A scalar.
  public convenience init(_ value: Float) {
    self.init([value], shape: [])
  }

  public static func zeros(_ shape: [Int], on device: CUDADevice? = nil) -> Tensor {
    let tensor = Tensor(uninitialized: shape, on: device)
    tensor.clearInPlace()
    return tensor
  }

  /// A leaf that collects gradients.
  public static func parameter(_ values: [Float], shape: [Int]) -> Tensor {
    Tensor(copying: values, shape: shape, isParameter: true)
  }

  /// True for parameters and for everything computed from them.
  public var requiresGradient: Bool { isParameter || node != nil }

  /// A copy of the elements; NaN where the device they lie on failed.
  public var values: [Float] {
    if let device { return device.values(of: self) }
    return dtype == .float32
      ? [Float](UnsafeBufferPointer(start: pointer, count: count)) : inFloat32().values
  }

  /// The same values as float32: the tensor itself without history, or a compact one written out in memory of
  /// its own.
  public func inFloat32() -> Tensor {
    if dtype == .float32 { return detached() }
    if let device { return device.widened(self) }
    let matrix = WeightMatrix(self)
    let tensor = Tensor(uninitialized: shape)
    Parallel.ranges(of: matrix.rows, cost: matrix.columns) { rows in
      for row in rows { matrix.expand(row: row, into: tensor.pointer + row * matrix.columns) }
    }
    return tensor
  }

  /// The value of a tensor with one element.
  public var item: Float {
    precondition(count == 1, "item of a tensor of shape \(shape)")
    return values[0]
  }

  public func zeroGradient() {
    gradient = nil
    gradientIsShared = false
  }

  /// The same elements in the same memory, without history.
  public func detached() -> Tensor {
    detachedReshaped(shape)
  }

  /// The same elements in the same memory, as a leaf that collects gradients.
  /// - Precondition: it is not int8, which cannot be trained.
  public func asParameter() -> Tensor {
    precondition(dtype != .int8, "a tensor in \(dtype) cannot be a parameter; take it inFloat32()")
    if dtype == .bfloat16 {
      return Tensor(compact: dtype, storage: storage, shape: shape, isParameter: true)
    }
    return Tensor(storage: storage, offset: offset, shape: shape, isParameter: true)
  }

  /// The same elements, in the same form, in memory of their own, without history.
  public func copied() -> Tensor {
    if let device { return device.copied(self) }
    let storage = Storage(bytes: byteCount)
    withExtendedLifetime(self) {
      UnsafeMutableRawBufferPointer(start: storage.base, count: byteCount).copyMemory(from: bytes)
    }
    return dtype == .float32
      ? Tensor(storage: storage, offset: 0, shape: shape)
      : Tensor(compact: dtype, storage: storage, shape: shape)
  }

  /// The first element. Valid while this tensor lives.
  var pointer: UnsafeMutablePointer<Float> {
    precondition(dtype == .float32, "float32 elements wanted of a tensor in \(dtype)")
    precondition(storage.device == nil, "elements in the processor's memory wanted of a tensor on a GPU")
    return storage.pointer + offset
  }

  /// The GPU it lies on; nil for the processor's memory. Operations take their tensors from one place.
  public var device: CUDADevice? { storage.device }
  /// The first element in the GPU's memory.
  var address: UInt64 { storage.address + UInt64(offset * MemoryLayout<Float>.stride) }

  /// The number of rows of a matrix, or of the flattened leading dimensions.
  var rows: Int { shape.isEmpty ? 1 : shape.dropLast().reduce(1, *) }
  /// The length of the last dimension.
  var columns: Int { shape.last ?? 1 }
}
