internal import CCUDA

/// c [m, n] = op(a) op(b) + beta · c on row-major float32 matrices, where op may transpose; k is the summed dimension.
struct DeviceProduct: Hashable {
  let m: Int, n: Int, k: Int
  var transposeA = false
  var transposeB = false
  var beta: Float = 0
}

/// What a product's plan depends on.
struct ProductShape: Hashable {
  var product: DeviceProduct
  var isNarrow: Bool
  /// The largest powers of two, up to 256, that divide the addresses.
  var alignments: [UInt32]
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

  var address: UInt64 { storage.address + UInt64(offset) }
}

extension CUDADevice {
  private static let workspaceBytes = 32 << 20
  private static let mostPlans = 1024
  private static let float32: Int32 = 0, bfloat16: Int32 = 14, computeFloat32: Int32 = 68

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
  func multiply(_ product: DeviceProduct, _ a: Tensor, _ b: Tensor, into c: Tensor) {
    multiply(product, operand(a, narrow: false), operand(b, narrow: false), into: c)
  }

  /// - Parameter start: the element of c to begin with.
  func multiply(
    _ product: DeviceProduct, _ a: DeviceOperand, _ b: DeviceOperand, into c: Tensor, from start: Int = 0
  ) {
    // As for a kernel's arguments: their memory is theirs until the product has been started.
    withExtendedLifetime((a, b, c)) { multiply(product, a, b, at: c.address + UInt64(4 * start)) }
  }

  private func multiply(_ product: DeviceProduct, _ a: DeviceOperand, _ b: DeviceOperand, at c: UInt64) {
    precondition(a.isNarrow == b.isNarrow, "a product of a matrix in bfloat16 with one in float32")
    guard product.m > 0, product.n > 0, failure == nil else { return }
    if product.k == 0 {
      if product.beta == 0 { ask(.clear(target: c, bytes: 4 * product.m * product.n)) }
      return
    }
    // cuBLAS's matrices lie by columns: what it sees are our transposes, so a and b change places.
    let shape = ProductShape(
      product: product, isNarrow: a.isNarrow, alignments: [b.address, a.address, c].map(Self.alignment))
    ask(.multiply(shape, a: b.address, b: a.address, c: c))
  }

  /// a, b and c are cuBLAS's.
  func issue(_ shape: ProductShape, _ a: UInt64, _ b: UInt64, into c: UInt64) {
    guard let plan = plan(for: shape) else { return }
    let (products, product) = (libraries.products, shape.product)
    var (alpha, beta): (Float, Float) = (1, product.beta)
    let (handle, workspace, stream) = (productHandle, productWorkspace, stream)
    performProduct("a product of \(product.m) x \(product.k) x \(product.n)") {
      products.multiply(
        handle, plan.product, &alpha, a, plan.layouts[0], b, plan.layouts[1], &beta, c,
        plan.layouts[2], c, plan.layouts[2], plan.algorithm, workspace, Self.workspaceBytes, stream)
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
    let (products, product) = (libraries.products, shape.product)
    let type = shape.isNarrow ? Self.bfloat16 : Self.float32
    func layout(_ place: Int, _ type: Int32, rows: Int, columns: Int) -> Bool {
      performProduct("the form of a matrix") {
        products.layout_create(&plan.layouts[place], type, UInt64(rows), UInt64(columns), Int64(rows))
      }
    }
    func transpose(_ attribute: Int32, _ transposed: Bool) -> Bool {
      var operation: Int32 = transposed ? 1 : 0
      return performProduct("the form of a product") {
        products.product_set(plan.product, attribute, &operation, 4)
      }
    }
    let (m, n, k) = (product.m, product.n, product.k)
    let isDescribed =
      performProduct(
        "a product", { products.product_create(&plan.product, Self.computeFloat32, Self.float32) })
      && transpose(3, product.transposeB) && transpose(4, product.transposeA)
      && layout(0, type, rows: product.transposeB ? k : n, columns: product.transposeB ? n : k)
      && layout(1, type, rows: product.transposeA ? m : k, columns: product.transposeA ? k : m)
      && layout(2, Self.float32, rows: n, columns: m)
    guard isDescribed, let algorithm = algorithm(for: shape, plan) else {
      release(plan)
      return nil
    }
    plan.algorithm = algorithm
    productPlans[shape] = plan
    return plan
  }

  private func algorithm(for shape: ProductShape, _ plan: ProductPlan) -> [UInt64]? {
    let products = libraries.products
    var preference: UnsafeMutableRawPointer?
    guard performProduct("a preference", { products.preference_create(&preference) }) else { return nil }
    defer { _ = products.preference_destroy(preference) }
    var workspace = UInt64(Self.workspaceBytes)
    guard performProduct("a preference", { products.preference_set(preference, 1, &workspace, 8) }) else {
      return nil
    }
    // Attributes 5 to 8: the alignments of a, b, c and d.
    for (attribute, alignment) in zip(Int32(5)..., shape.alignments + [shape.alignments[2]]) {
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
  }
}
