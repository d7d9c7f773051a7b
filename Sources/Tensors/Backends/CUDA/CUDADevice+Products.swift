internal import CCUDA

/// d [m, n] = op(a) op(b) + beta · c on row-major matrices, where op may transpose; k is the summed dimension.
struct DeviceProduct: Hashable {
  let m: Int, n: Int, k: Int
  var transposeA = false
  var transposeB = false
  var beta: Float = 0
}

/// What a product's plan depends on; a list goes by cuBLAS's a, b and c.
struct ProductShape: Hashable {
  var product: DeviceProduct
  /// Elements from one row to the next.
  var strides: [Int]
  /// Whether a and b are in bfloat16, and whether c and d are.
  var isNarrow: Bool, givesNarrow: Bool
  var hasBias: Bool
  /// The largest powers of two, up to 256, that divide the addresses.
  var alignments: [UInt32]
}

/// Where a product's matrices lie; a list goes by cuBLAS's a, b, c and d.
struct ProductPlaces: Equatable {
  var matrices: [UInt64]
  /// [n] in float32, added to every row; 0 for none.
  var bias: UInt64 = 0
}

/// How cuBLAS computes a product.
struct ProductPlan {
  var product: UnsafeMutableRawPointer?
  /// Of cuBLAS's a, b and c.
  var layouts: [UnsafeMutableRawPointer?] = [nil, nil, nil]
  var algorithm: [UInt64] = []
}

/// A matrix for a product, in float32 or rounded to bfloat16.
struct DeviceOperand {
  let storage: Storage
  /// The byte it begins at.
  var offset = 0
  let isNarrow: Bool
  /// Elements from one row to the next; nil where nothing lies between them.
  var stride: Int?
  /// Elements of a row with the zeros behind it, where there are some.
  var padded: Int?

  var address: UInt64 { storage.address + UInt64(offset) }

  /// From a column on.
  func columns(from start: Int, stride: Int) -> DeviceOperand {
    DeviceOperand(
      storage: storage, offset: offset + start * (isNarrow ? 2 : 4), isNarrow: isNarrow, stride: stride)
  }
}

extension CUDADevice {
  private static let workspaceBytes = 32 << 20
  private static let mostPlans = 1024
  /// From as many multiplications on rows that tensor cores cannot be fed with are copied to ones they can.
  private static let manyMultiplications = 1 << 27
  private static let float32: Int32 = 0, bfloat16: Int32 = 14, computeFloat32: Int32 = 68

  /// The numbers of cublasLt.h that are used.
  private enum ProductAttribute {
    static let transposeA: Int32 = 3
    static let transposeB: Int32 = 4
    static let epilogue: Int32 = 7
    static let bias: Int32 = 8
    static let epilogueWithBias: Int32 = 4
    static let workspaceBytes: Int32 = 1
    /// Those of a, b, c and d.
    static let alignments: ClosedRange<Int32> = 5...8
  }

  /// The matrix as it is, or with `narrow` in bfloat16.
  func operand(_ x: Tensor, narrow: Bool) -> DeviceOperand {
    if !narrow || x.dtype == .bfloat16 {
      return DeviceOperand(storage: x.storage, offset: 4 * x.offset, isNarrow: x.dtype == .bfloat16)
    }
    let storage = Storage(bytes: 2 * x.count, on: self)
    forEach(x.count, "narrow", .tensor(x), .storage(storage), .count(x.count))
    return DeviceOperand(storage: storage, isNarrow: true)
  }

  /// Of two matrices in float32 or both in bfloat16.
  func multiply(_ product: DeviceProduct, _ a: Tensor, _ b: Tensor, into d: Tensor) {
    multiply(product, operand(a, narrow: false), operand(b, narrow: false), into: d)
  }

  /// - Parameters:
  ///   - d: in float32 or bfloat16.
  ///   - start: the element of d to begin with.
  ///   - stride: elements from one row of d to the next; nil where nothing lies between them.
  ///   - c: added to the product, in the form of d; absent: with a beta d itself is.
  ///   - bias: [n] in float32, added to every row of a d in float32.
  func multiply(
    _ product: DeviceProduct, _ a: DeviceOperand, _ b: DeviceOperand, into d: Tensor, from start: Int = 0,
    stride: Int? = nil, adding c: Tensor? = nil, bias: Tensor? = nil
  ) {
    precondition(a.isNarrow == b.isNarrow, "a product of a matrix in bfloat16 with one in float32")
    precondition(bias == nil || d.dtype == .float32, "a bias is added to float32")
    guard product.m > 0, product.n > 0, failure == nil else { return }
    let (m, n, k) = (product.m, product.n, product.k)
    if k == 0 {
      precondition(stride == nil && c == nil && bias == nil, "a product of \(m) x 0 x \(n)")
      if product.beta == 0 { clear(d.storage, from: Int(d.address - d.storage.address), bytes: d.byteCount) }
      return
    }
    let isLarge = m * n >= Self.manyMultiplications / k
    let a = isLarge ? aligned(a, rows: product.transposeA ? k : m, columns: product.transposeA ? m : k) : a
    let b = isLarge ? aligned(b, rows: product.transposeB ? n : k, columns: product.transposeB ? k : n) : b
    if let padded = a.padded, padded == b.padded, !product.transposeA, product.transposeB {
      // The zeros behind the rows of both add nothing.
      let whole = DeviceProduct(m: m, n: n, k: padded, transposeB: true, beta: product.beta)
      return begin(whole, a, b, into: d, from: start, stride: stride, adding: c, bias: bias)
    }
    begin(product, a, b, into: d, from: start, stride: stride, adding: c, bias: bias)
  }

  private func begin(
    _ product: DeviceProduct, _ a: DeviceOperand, _ b: DeviceOperand, into d: Tensor, from start: Int,
    stride: Int?, adding c: Tensor?, bias: Tensor?
  ) {
    let (m, n, k) = (product.m, product.n, product.k)
    let givesNarrow = d.dtype == .bfloat16
    let target = d.address + UInt64(start * (givesNarrow ? 2 : 4))
    var described = product
    if c != nil { described.beta = 1 }
    // cuBLAS's matrices lie by columns: what it sees are our transposes, so a and b change places.
    let places = ProductPlaces(
      matrices: [b.address, a.address, c?.address ?? target, target], bias: bias?.address ?? 0)
    let shape = ProductShape(
      product: described,
      strides: [
        b.stride ?? (product.transposeB ? k : n), a.stride ?? (product.transposeA ? m : k), stride ?? n,
      ], isNarrow: a.isNarrow, givesNarrow: givesNarrow, hasBias: bias != nil,
      alignments: places.matrices.map(Self.alignment))
    // As for a kernel's arguments: their memory is theirs until the product has been started.
    withExtendedLifetime((a, b, c, d, bias)) { ask(.multiply(shape, places)) }
  }

  /// The same matrix with rows that begin at multiples of 16 bytes, without which there is no quick way to tensor cores.
  private func aligned(_ matrix: DeviceOperand, rows: Int, columns: Int) -> DeviceOperand {
    let stride = matrix.stride ?? columns
    guard matrix.isNarrow, !stride.isMultiple(of: 8) else { return matrix }
    let padded = (columns + 7) / 8 * 8
    let storage = Storage(bytes: 2 * rows * padded, on: self)
    launch(
      "pad_rows", blocks: rows, .memory(matrix.storage, matrix.offset), .storage(storage), .int(columns),
      .int(stride), .int(padded))
    return DeviceOperand(storage: storage, isNarrow: true, stride: padded, padded: padded)
  }

  func issue(_ shape: ProductShape, _ places: ProductPlaces) {
    guard let plan = plan(for: shape) else { return }
    let (products, product) = (libraries.products, shape.product)
    var (alpha, beta): (Float, Float) = (1, product.beta)
    let (handle, workspace, stream, matrices) = (productHandle, productWorkspace, stream, places.matrices)
    if shape.hasBias {
      var bias = places.bias
      guard
        performProduct(
          "a product's bias", { products.product_set(plan.product, ProductAttribute.bias, &bias, 8) })
      else { return }
    }
    performProduct("a product of \(product.m) x \(product.k) x \(product.n)") {
      products.multiply(
        handle, plan.product, &alpha, matrices[0], plan.layouts[0], matrices[1], plan.layouts[1], &beta,
        matrices[2], plan.layouts[2], matrices[3], plan.layouts[2], plan.algorithm, workspace,
        Self.workspaceBytes, stream)
    }
  }

  private static func alignment(of address: UInt64) -> UInt32 {
    UInt32(min(256, address & (~address &+ 1)))
  }

  @discardableResult
  private func performProduct(_ what: @autoclosure () -> String, _ call: () -> Int32) -> Bool {
    guard perform("", { _ in 0 }) else { return false }  // the device's context is now this thread's
    let code = call()
    if code == 0 { return true }
    fail(CUDAError(.failed, "cuda:\(index): \(what()): cuBLAS answers with status \(code)"))
    return false
  }

  private func plan(for shape: ProductShape) -> ProductPlan? {
    if let plan = productPlans[shape] { return plan }
    if productPlans.count >= Self.mostPlans { releasePlans() }
    guard startProducts() else { return nil }
    var plan = ProductPlan()
    guard describe(shape, &plan), let algorithm = algorithm(for: shape, plan) else {
      release(plan)
      return nil
    }
    plan.algorithm = algorithm
    productPlans[shape] = plan
    return plan
  }

  /// Makes cuBLAS's descriptions of a product.
  private func describe(_ shape: ProductShape, _ plan: inout ProductPlan) -> Bool {
    let (products, product) = (libraries.products, shape.product)
    func layout(_ place: Int, narrow: Bool, rows: Int, columns: Int) -> Bool {
      performProduct("the form of a matrix") {
        products.layout_create(
          &plan.layouts[place], narrow ? Self.bfloat16 : Self.float32, UInt64(rows), UInt64(columns),
          Int64(shape.strides[place]))
      }
    }
    func set(_ attribute: Int32, _ number: Int32) -> Bool {
      var value = number
      return performProduct("the form of a product") {
        products.product_set(plan.product, attribute, &value, 4)
      }
    }
    let (m, n, k) = (product.m, product.n, product.k)
    return performProduct(
      "a product", { products.product_create(&plan.product, Self.computeFloat32, Self.float32) })
      && set(ProductAttribute.transposeA, product.transposeB ? 1 : 0)
      && set(ProductAttribute.transposeB, product.transposeA ? 1 : 0)
      && (!shape.hasBias || set(ProductAttribute.epilogue, ProductAttribute.epilogueWithBias))
      && layout(
        0, narrow: shape.isNarrow, rows: product.transposeB ? k : n, columns: product.transposeB ? n : k)
      && layout(
        1, narrow: shape.isNarrow, rows: product.transposeA ? m : k, columns: product.transposeA ? k : m)
      && layout(2, narrow: shape.givesNarrow, rows: n, columns: m)
  }

  private func algorithm(for shape: ProductShape, _ plan: ProductPlan) -> [UInt64]? {
    let products = libraries.products
    var preference: UnsafeMutableRawPointer?
    guard performProduct("a preference", { products.preference_create(&preference) }) else { return nil }
    defer { _ = products.preference_destroy(preference) }
    var workspace = UInt64(Self.workspaceBytes)
    guard
      performProduct(
        "a preference",
        { products.preference_set(preference, ProductAttribute.workspaceBytes, &workspace, 8) })
    else { return nil }
    for (attribute, alignment) in zip(ProductAttribute.alignments, shape.alignments) {
      var value = alignment
      guard performProduct("a preference", { products.preference_set(preference, attribute, &value, 4) })
      else {
        return nil
      }
    }
    var (result, found) = (ar1_cublaslt_heuristic(), Int32(0))
    let handle = productHandle
    let asked = performProduct("the choice of an algorithm") {
      products.heuristic(
        handle, plan.product, plan.layouts[0], plan.layouts[1], plan.layouts[2], plan.layouts[2], preference,
        1,
        &result, &found)
    }
    guard asked, found > 0, result.state == 0 else {
      fail(CUDAError(.failed, "cuda:\(index): cuBLAS knows no algorithm for \(shape.product)"))
      return nil
    }
    return withUnsafeBytes(of: result.algorithm) { Array($0.bindMemory(to: UInt64.self)) }
  }

  private func startProducts() -> Bool {
    if productHandle != nil { return true }
    let products = libraries.products
    guard let workspace = allocateLasting(Self.workspaceBytes) else { return false }
    productWorkspace = workspace
    return performProduct("cuBLAS does not start") { products.create(&productHandle) }
  }

  private func release(_ plan: ProductPlan) {
    for layout in plan.layouts { if let layout { _ = libraries.products.layout_destroy(layout) } }
    if let product = plan.product { _ = libraries.products.product_destroy(product) }
  }

  private func releasePlans() {
    productPlans.values.forEach(release)
    productPlans = [:]
  }

  func releaseProducts() {
    releasePlans()
    if let productHandle { _ = libraries.products.destroy(productHandle) }
    if productWorkspace != 0 { release(productWorkspace, bytes: Self.workspaceBytes) }
    (productHandle, productWorkspace) = (nil, 0)
  }
}
