internal import CCUDA

/// One GPU: its memory, its kernels, and the stream on which everything happens in order.
///
/// Operations on tensors that lie on it return before they have been computed; reading values waits. When a call
/// fails, all that follows does nothing and what is read is NaN, until ``check()`` throws what was wrong: so
/// operations need not throw, and no wrong value is taken for a result. A device is used by one thread at a time.
public final class CUDADevice {
  /// Its number among those the driver shows.
  public let index: Int
  public let name: String
  /// The driver's version as 1000 · major + 10 · minor.
  public let driverVersion: Int
  /// The compute capability as 10 · major + minor.
  public let architecture: Int
  public let memoryBytes: Int
  let multiprocessors: Multiprocessors
  /// cuBLASLt's version, as it tells it.
  public var productsVersion: Int { libraries.products.version() }

  let libraries: CUDALibraries
  let stream: UnsafeMutableRawPointer?
  private let handle: Int32
  let context: UnsafeMutableRawPointer?
  let pool: UnsafeMutableRawPointer?
  private(set) var failure: CUDAError?

  /// Bytes that tensors on this device take now, and the most they took since ``resetPeak()``.
  public internal(set) var allocatedBytes = 0
  public internal(set) var peakBytes = 0
  /// What has been allocated and not given back: addresses with their sizes.
  var blocks: [UInt64: Int] = [:]
  private(set) var isClosed = false

  let module: UnsafeMutableRawPointer?
  var functions: [String: KernelFunction] = [:]
  /// The step under way, see ``StepGraph``.
  var step: DeviceStep?
  /// A product of the step that waits for who comes next.
  var held: HeldProduct?
  /// What is kept of the last few layouts and lists of rows, which every layer asks for again.
  var tilings = RecentValues<AttentionTilingKey, StoredTiling>(capacity: 8)
  var indices = RecentValues<[Int], KeptNumbers>(capacity: 8)
  var thinTilings: [ThinTiling.Shape: ThinTiling?] = [:]
  var productPlans: [ProductShape: ProductPlan] = [:]
  var productHandle: UnsafeMutableRawPointer?
  var productWorkspace: UInt64 = 0

  /// Opens a device and makes its kernels ready: compiled the first time, and then kept on disk.
  /// - Parameters:
  ///   - folders: where NVIDIA's libraries are looked for first; absent: what AR1_CUDA_LIBRARIES says.
  ///   - cache: the folder that compiled kernels are kept in; absent: ``KernelCache/userFolder``.
  /// - Throws: `CUDAError` that says what was not found or not possible.
  public init(index: Int, folders: String? = nil, cache: String? = nil) throws(CUDAError) {
    libraries = try CUDALibraries(folders: folders ?? CUDALibraries.userFolders)
    let driver = libraries.driver
    func value<Value>(
      _ initial: Value, _ what: String, _ call: (UnsafeMutablePointer<Value>) -> Int32
    ) throws(CUDAError) -> Value {
      var value = initial
      let code = call(&value)
      guard code == 0 else {
        throw CUDAError(.notFound, "cuda:\(index): \(what): \(Self.text(of: code, driver))")
      }
      return value
    }
    _ = try value(0, "the driver does not start") { _ in driver.`init`(0) }
    let count = Int(try value(Int32(0), "the driver does not count its devices", driver.device_count))
    guard (0..<count).contains(index) else {
      throw CUDAError(
        .notFound,
        "there is no device cuda:\(index); the driver shows \(count == 0 ? "none" : "0 … \(count - 1)")")
    }
    let handle = try value(Int32(0), "the device cannot be opened") { driver.device($0, Int32(index)) }
    func attribute(_ number: Int32) throws(CUDAError) -> Int {
      Int(try value(Int32(0), "its attribute \(number)") { driver.device_attribute($0, number, handle) })
    }
    name = Self.name(of: handle, driver)
    architecture = try 10 * attribute(Attribute.major) + attribute(Attribute.minor)
    multiprocessors = try Multiprocessors(
      count: attribute(Attribute.multiprocessors), blockMemory: attribute(Attribute.blockMemory))
    driverVersion = Int(try value(Int32(0), "the driver's version", driver.driver_version))
    memoryBytes = Int(try value(0, "its memory") { driver.device_memory($0, handle) })
    if let objection = Self.objection(to: handle, index, driver) { throw CUDAError(.notFound, objection) }
    self.index = index
    self.handle = handle
    context = try value(nil, "its context") { driver.context_retain($0, handle) }
    _ = driver.context_use(context)
    var opened: UnsafeMutableRawPointer?
    do {
      opened = try value(nil, "a stream") { driver.stream_create($0, 1) }  // not ordered with other streams
      pool = try value(nil, "its memory pool") { driver.device_pool($0, handle) }
      var keepAll = UInt64.max
      _ = driver.pool_set(pool, Attribute.releaseThreshold, &keepAll)
      let image = try KernelCache(folder: cache ?? KernelCache.userFolder)
        .image(architecture: architecture, driverVersion: driverVersion, compiler: libraries.compiler)
      module = try value(nil, "its kernels cannot be loaded") { module in
        image.withUnsafeBytes { bytes in bytes.baseAddress.map { driver.module_load(module, $0) } ?? 1 }
      }
      stream = opened
    } catch {
      // A context that someone holds is not made anew, whatever has become of it.
      if let opened { _ = driver.stream_destroy(opened) }
      _ = driver.context_release(handle)
      throw error
    }
  }

  /// A device as the driver shows it.
  public struct Description: Sendable, Equatable {
    public let index: Int
    public let name: String
    public let memoryBytes: Int
    /// Its place on the machine's PCI bus, by which other libraries know it; nil where the driver does not say.
    let bus: String?
  }

  /// The devices this process can compute on. CUDA_VISIBLE_DEVICES hides devices and orders them, as for every program.
  /// - Parameters:
  ///   - folders: as for ``init(index:folders:cache:)``.
  ///   - onOther: is told why nothing can be computed on another one.
  /// - Throws: `CUDAError` that names the libraries that are missing.
  public static func all(
    folders: String? = nil, onOther: (String) -> Void = { _ in }
  ) throws(CUDAError) -> [Description] {
    let driver = try CUDALibraries(folders: folders ?? CUDALibraries.userFolders).driver
    let started = driver.`init`(0)
    guard started == 0 else {
      throw CUDAError(.notFound, "the CUDA driver does not start: \(text(of: started, driver))")
    }
    var count: Int32 = 0
    guard driver.device_count(&count) == 0 else { return [] }
    return (0..<count).compactMap { index in
      var (device, bytes) = (Int32(0), 0)
      guard driver.device(&device, index) == 0, driver.device_memory(&bytes, device) == 0 else { return nil }
      if let objection = objection(to: device, Int(index), driver) {
        onOther(objection)
        return nil
      }
      var bus = [CChar](repeating: 0, count: 32)
      let isKnown = driver.device_bus(&bus, Int32(bus.count), device) == 0
      return Description(
        index: Int(index), name: name(of: device, driver), memoryBytes: bytes, bus: isKnown ? text(bus) : nil)
    }
  }

  /// Why nothing can be computed on a device; nil where it can.
  private static func objection(to device: Int32, _ index: Int, _ driver: ar1_cuda_driver) -> String? {
    func attribute(_ number: Int32) -> Int32 {
      var value: Int32 = 0
      return driver.device_attribute(&value, number, device) == 0 ? value : 0
    }
    let (major, name) = (attribute(Attribute.major), name(of: device, driver))
    if major < 8 {
      return "cuda:\(index) is a \(name) of compute capability \(major).\(attribute(Attribute.minor)); "
        + "8.0 or newer is needed"
    }
    return attribute(Attribute.memoryPools) == 0
      ? "cuda:\(index) (\(name)) has no memory pools; they are needed" : nil
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func name(of device: Int32, _ driver: ar1_cuda_driver) -> String {
    var name = [CChar](repeating: 0, count: 256)
    _ = driver.device_name(&name, Int32(name.count - 1), device)
    return text(name)
  }

  deinit { close() }

  /// Gives everything back that this process holds on the device by it, what tensors lie in included: nothing can be
  /// computed with them any more.
  /// - Returns: the bytes that tensors still held.
  @discardableResult
  public func close() -> Int {
    guard !isClosed else { return 0 }
    let driver = libraries.driver
    _ = driver.context_use(context)
    (indices.values + tilings.values.flatMap(\.parts)).forEach(release)
    releaseProducts()
    let left = allocatedBytes
    for address in blocks.keys { _ = driver.release(address, stream) }
    (blocks, allocatedBytes) = ([:], 0)
    fail(CUDAError(.failed, "cuda:\(index) has been closed"))
    isClosed = true
    _ = driver.stream_wait(stream)
    if let module { _ = driver.module_unload(module) }
    _ = driver.stream_destroy(stream)
    // What was freed goes back to the device for others.
    _ = driver.pool_trim(pool, 0)
    _ = driver.context_release(handle)
    return left
  }

  /// The numbers of cuda.h that are used.
  enum Attribute {
    static let multiprocessors: Int32 = 16
    static let blockMemory: Int32 = 97
    static let major: Int32 = 75
    static let minor: Int32 = 76
    static let memoryPools: Int32 = 115
    static let releaseThreshold: Int32 = 4
    static let sharedMemoryOfFunction: Int32 = 8
    /// The share of a multiprocessor's memory that is shared memory, in per cent.
    static let carveout: Int32 = 9
    static let programmaticSerialization: Int32 = 6
    static let outOfMemory: Int32 = 2
  }

  static func text(of code: Int32, _ driver: ar1_cuda_driver) -> String {
    var (name, text): (UnsafePointer<CChar>?, UnsafePointer<CChar>?) = (nil, nil)
    _ = driver.error_name(code, &name)
    _ = driver.error_string(code, &text)
    return
      "\(text.map { String(cString: $0) } ?? "unknown error") (\(name.map { String(cString: $0) } ?? "\(code)"))"
  }

  // MARK: Failures

  /// Waits for everything that was asked of the device.
  /// - Throws: the first thing that failed since the last time. When memory did not suffice the device goes on
  ///   with what it has; after any other failure it stays unusable.
  public func check() throws(CUDAError) {
    wait()
    guard let failure else { return }
    if failure.kind == .outOfMemory, !isClosed { self.failure = nil }
    throw failure
  }

  func wait() {
    perform("waiting for the device") { $0.stream_wait(stream) }
  }

  /// Nothing has failed since the last ``check()``.
  var isWorking: Bool { failure == nil }

  func fail(_ error: CUDAError) {
    if failure == nil { failure = error }
  }

  /// Makes a call unless an earlier one failed, and remembers its failure.
  /// - Returns: whether it succeeded.
  @discardableResult
  func perform(_ what: @autoclosure () -> String, _ call: (ar1_cuda_driver) -> Int32) -> Bool {
    guard failure == nil else { return false }
    _ = libraries.driver.context_use(context)
    let code = call(libraries.driver)
    if code == 0 { return true }
    fail(
      CUDAError(
        code == Attribute.outOfMemory ? .outOfMemory : .failed,
        "cuda:\(index): \(what()): \(Self.text(of: code, libraries.driver))"))
    return false
  }
}
