/// Tensors between the processor's memory and a GPU's, and what is done to them in place.
extension Tensor {
  /// The same elements in the memory of a GPU, or with nil in the processor's; the tensor itself where it already is.
  /// Gradients go back the way the values came.
  /// - Precondition: it is not int8, which GPUs do not compute with.
  public func moved(to device: CUDADevice?) -> Tensor {
    if storage.device === device { return self }
    precondition(dtype != .int8, "a tensor in \(dtype) cannot be moved to a GPU")
    let bytes = count * (dtype == .float32 ? 4 : 2)
    let target: Storage
    if let device {
      target = Storage(bytes: bytes, on: device, isInput: true)
      withExtendedLifetime((self, target)) {
        device.upload(storage.base + offset * 4, bytes: bytes, to: target.address)
      }
    } else {
      target = Storage(bytes: bytes)
      if let own = storage.device, !own.download(storage, from: offset * 4, bytes: bytes, to: target.base) {
        // All ones is NaN in float32 and in bfloat16.
        target.base.initializeMemory(as: UInt8.self, repeating: 0xff, count: bytes)
      }
    }
    let moved =
      dtype == .float32
      ? Tensor(storage: target, offset: 0, shape: shape)
      : Tensor(compact: dtype, storage: target, shape: shape)
    return moved.recording([self]) { step in
      step.give(step.gradient.moved(to: step.inputs[0].device), to: 0)
    }
  }

  /// The same elements in the memory of a GPU, one tensor right behind the other, without history.
  /// - Precondition: they are in float32 or bfloat16.
  public static func neighbours(_ tensors: [Tensor], on device: CUDADevice) -> [Tensor] {
    precondition(tensors.allSatisfy { $0.dtype != .int8 }, "a tensor in int8 cannot be moved to a GPU")
    let whole = Storage(bytes: tensors.reduce(0) { $0 + $1.byteCount }, on: device)
    var start = 0
    return tensors.map { tensor in
      let storage = Storage(partOf: whole, start..<start + tensor.byteCount)
      start += tensor.byteCount
      withExtendedLifetime((tensor, storage)) {
        if tensor.device == nil {
          device.upload(
            tensor.storage.base + tensor.offset * 4, bytes: tensor.byteCount, to: storage.address)
        } else {
          device.ask(.copy(source: tensor.address, bytes: tensor.byteCount, target: storage.address))
        }
      }
      return tensor.dtype == .float32
        ? Tensor(storage: storage, offset: 0, shape: tensor.shape)
        : Tensor(compact: tensor.dtype, storage: storage, shape: tensor.shape)
    }
  }

  /// Uninitialised memory for a matrix in a form of its own.
  package convenience init(uninitialized shape: [Int], dtype: DType, on device: CUDADevice?) {
    if dtype == .float32 {
      self.init(uninitialized: shape, on: device)
      return
    }
    let bytes = dtype.storedShape(of: shape).reduce(1, *)
    self.init(
      compact: dtype, storage: device.map { Storage(bytes: bytes, on: $0) } ?? Storage(bytes: bytes),
      shape: shape)
  }
}

extension CUDADevice {
  func values(of tensor: Tensor) -> [Float] {
    tensor.detached().inFloat32().moved(to: nil).values
  }

  /// Lends a copy of the elements in float32, and writes it back; into bfloat16 rounded, which keeps what was not
  /// changed.
  func withValues<R>(
    of tensor: Tensor, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
  ) rethrows -> R {
    let copy = tensor.detached().inFloat32().moved(to: nil)
    let result = try copy.withUnsafeValues(body)
    tensor.copyInPlace(rounding: copy.moved(to: self))
    return result
  }

  /// The same elements in the same form in memory of their own.
  func copied(_ tensor: Tensor) -> Tensor {
    let storage = Storage(bytes: tensor.byteCount, on: self)
    withExtendedLifetime((tensor, storage)) {
      ask(.copy(source: tensor.address, bytes: tensor.byteCount, target: storage.address))
    }
    return tensor.dtype == .float32
      ? Tensor(storage: storage, offset: 0, shape: tensor.shape)
      : Tensor(compact: tensor.dtype, storage: storage, shape: tensor.shape)
  }

  func widened(_ tensor: Tensor) -> Tensor {
    let wide = Tensor(uninitialized: tensor.shape, on: self)
    forEach(
      tensor.count, "widen", .tensor(tensor), .tensor(wide), .count(tensor.count))
    return wide
  }

  /// The same values rounded to bfloat16; the tensor itself where it is in it.
  func narrowed(_ tensor: Tensor) -> Tensor {
    if tensor.dtype == .bfloat16 { return tensor }
    let narrow = Tensor(uninitialized: tensor.shape, dtype: .bfloat16, on: self)
    forEach(
      tensor.count, "narrow", .tensor(tensor), .tensor(narrow), .count(tensor.count))
    return narrow
  }

  /// A kernel over `count` elements.
  func forEach(_ count: Int, _ kernel: String, _ arguments: Argument...) {
    start(kernel, blocks: Self.blocks(for: count), arguments)
  }

  /// One result per position of equally shaped inputs; constants come behind the count.
  func map(_ kernel: String, _ inputs: [Tensor], to y: Tensor, _ constants: [Float]) {
    start(
      kernel, blocks: Self.blocks(for: y.count),
      inputs.map { .tensor($0) } + [.tensor(y), .count(y.count)]
        + constants.map { .float($0) })
  }

  /// The gradients of both inputs of an operation, of which either may not be wanted.
  func pairwiseSlopes(_ kernel: String, _ a: Tensor, _ b: Tensor, _ g: Tensor, _ da: Tensor?, _ db: Tensor?) {
    forEach(
      a.count, kernel, .tensor(a), .tensor(b), .tensor(g),
      da.map { .tensor($0) } ?? .absent, db.map { .tensor($0) } ?? .absent, .count(a.count))
  }

  func add(_ x: Tensor, times factor: Float, to y: Tensor) {
    forEach(y.count, "add_scaled", .tensor(x), .tensor(y), .count(y.count), .float(factor))
  }

  // MARK: Sums

  /// The sum in double precision that a kernel leaves in parts; NaN after a failure.
  func total(_ kernel: String, of x: Tensor) -> Double {
    if x.count == 0 { return 0 }
    // As many parts as the count says, whatever the chip, so that the sum's order is the same.
    let parts = min(1024, (x.count + 1023) / 1024)
    let sums = Storage(bytes: parts * MemoryLayout<Double>.stride, on: self)
    launch(kernel, blocks: parts, .tensor(x), .storage(sums), .count(x.count))
    launch("add_parts", blocks: 1, .storage(sums), .int(parts))
    var sum = 0.0
    return download(sums, bytes: MemoryLayout<Double>.stride, to: &sum) ? sum : .nan
  }

  /// False also after a failure.
  func isFinite(_ x: Tensor) -> Bool {
    if x.count == 0 { return true }
    let found = Storage(bytes: 4, on: self)
    clear(found, bytes: 4)
    forEach(x.count, "find_not_finite", .tensor(x), .storage(found), .count(x.count))
    var flag: Int32 = 1
    return download(found, bytes: 4, to: &flag) && flag == 0
  }
}
