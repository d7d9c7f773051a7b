internal import CCUDA

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Compiles the kernels in the program with NVRTC.
package struct KernelCompiler {
  private let compiler: ar1_nvrtc

  init(_ compiler: ar1_nvrtc) { self.compiler = compiler }

  /// The sources in the program; the first is compiled, the others are what it includes.
  static let sources: [(name: String, text: String)] = (0..<ar1_cuda_source_count()).map {
    let source = ar1_cuda_source_at($0)
    return (String(cString: source.name), String(cString: source.text))
  }

  /// What to compile for a chip: its own code where the compiler knows the chip, otherwise the intermediate code of the
  /// newest one it knows, which the driver translates.
  /// - Parameter architecture: 10 · major + minor of the compute capability.
  func target(for architecture: Int) throws(CUDAError) -> String {
    var count: Int32 = 0
    guard compiler.architecture_count(&count) == 0, count > 0 else {
      throw CUDAError(.failed, "NVRTC does not say which chips it knows")
    }
    var known = [Int32](repeating: 0, count: Int(count))
    guard compiler.architectures(&known) == 0 else {
      throw CUDAError(.failed, "NVRTC does not say which chips it knows")
    }
    if known.contains(Int32(architecture)) { return "sm_\(architecture)" }
    guard let newest = known.filter({ $0 <= Int32(architecture) }).max() else {
      throw CUDAError(
        .notFound,
        "NVRTC knows no chip as old as compute capability \(architecture / 10).\(architecture % 10)")
    }
    return "compute_\(newest)"
  }

  var version: (major: Int, minor: Int) {
    var (major, minor): (Int32, Int32) = (0, 0)
    _ = compiler.version(&major, &minor)
    return (Int(major), Int(minor))
  }

  /// Kernels are optimised side by side where the compiler can, in as many parts on every machine, as what it makes of a
  /// kernel may depend on the part it is in.
  func options(for target: String) -> [String] {
    ["--gpu-architecture=\(target)", "--std=c++17"] + (version.major >= 12 ? ["--split-compile=8"] : [])
  }

  /// - Parameter target: such as `sm_90`, or `compute_90` for intermediate code.
  /// - Throws: `CUDAError` with what the compiler wrote.
  func compile(for target: String) throws(CUDAError) -> [UInt8] {
    let sources = Self.sources.map { (strdup($0.name), strdup($0.text)) }
    let options = options(for: target).map { strdup($0) }
    defer {
      for (name, text) in sources {
        free(name)
        free(text)
      }
      options.forEach { free($0) }
    }
    guard let first = sources.first, let name = first.0, let text = first.1 else {
      throw CUDAError(.failed, "the program holds no kernels")
    }
    let headers = sources.dropFirst()
    var program: UnsafeMutableRawPointer?
    let created = compiler.create(
      &program, text, name, Int32(headers.count), headers.map { UnsafePointer($0.1!) },
      headers.map { UnsafePointer($0.0!) })
    guard created == 0 else { throw failure("the kernels are not taken", created) }
    defer { _ = compiler.destroy(&program) }
    let compiled = compiler.compile(program, Int32(options.count), options.map { UnsafePointer($0!) })
    guard compiled == 0 else {
      throw CUDAError(.failed, "the kernels do not compile for \(target):\n\(log(of: program))")
    }
    let isBinary = target.hasPrefix("sm_")
    var size = 0
    _ = isBinary ? compiler.binary_size(program, &size) : compiler.ptx_size(program, &size)
    var image = [CChar](repeating: 0, count: size)
    let read = isBinary ? compiler.binary(program, &image) : compiler.ptx(program, &image)
    guard read == 0, size > 0 else { throw failure("the compiled kernels cannot be read", read) }
    return image.map { UInt8(bitPattern: $0) }
  }

  /// Why this machine cannot compile, in words; nil where NVRTC was found.
  package static var problem: String? {
    let table = UnsafeMutablePointer<ar1_nvrtc>.allocate(capacity: 1)
    defer { table.deallocate() }
    return ar1_cuda_open_nvrtc(CUDALibraries.userFolders, table).map { String(cString: $0) }
  }

  /// Compiles with the NVRTC of this machine.
  /// - Throws: `CUDAError` of the kind `notFound` where there is none.
  package static func compile(for target: String) throws(CUDAError) -> [UInt8] {
    let table = UnsafeMutablePointer<ar1_nvrtc>.allocate(capacity: 1)
    defer { table.deallocate() }
    if let problem = ar1_cuda_open_nvrtc(CUDALibraries.userFolders, table) {
      throw CUDAError(.notFound, String(cString: problem))
    }
    return try KernelCompiler(table.pointee).compile(for: target)
  }

  private func log(of program: UnsafeMutableRawPointer?) -> String {
    var size = 0
    guard compiler.log_size(program, &size) == 0, size > 1 else { return "" }
    var text = [CChar](repeating: 0, count: size)
    guard compiler.log(program, &text) == 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func failure(_ what: String, _ code: Int32) -> CUDAError {
    CUDAError(.failed, "\(what): \(String(cString: compiler.error_string(code)))")
  }
}
