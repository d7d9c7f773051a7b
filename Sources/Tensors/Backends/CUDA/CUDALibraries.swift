internal import CCUDA

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The functions of NVIDIA's libraries that computing on a GPU takes, opened when they are asked for.
struct CUDALibraries {
  let driver: ar1_cuda_driver
  let compiler: ar1_nvrtc
  let products: ar1_cublaslt

  /// - Parameter folders: where libraries are looked for first, with colons between them.
  /// - Throws: `CUDAError` that names every library that was not found, and where it comes from.
  init(folders: String) throws(CUDAError) {
    var problems: [String] = []
    func opened<Table>(_ open: Opening<Table>) -> Table? {
      do {
        return try Self.table(folders, open)
      } catch {
        problems.append(error.reason)
        return nil
      }
    }
    let driver = opened(ar1_cuda_open_driver)
    let compiler = opened(ar1_cuda_open_nvrtc)
    let products = opened(ar1_cuda_open_cublaslt)
    guard let driver, let compiler, let products else {
      throw CUDAError(.notFound, problems.joined(separator: "; "))
    }
    self.driver = driver
    self.compiler = compiler
    self.products = products
  }

  typealias Opening<Table> = (UnsafePointer<CChar>, UnsafeMutablePointer<Table>) -> UnsafePointer<CChar>?

  /// The functions of one library.
  /// - Throws: `CUDAError` that says what was not found.
  static func table<Table>(_ folders: String, _ open: Opening<Table>) throws(CUDAError) -> Table {
    let table = UnsafeMutablePointer<Table>.allocate(capacity: 1)
    defer { table.deallocate() }
    if let problem = folders.withCString({ open($0, table) }) {
      throw CUDAError(.notFound, String(cString: problem))
    }
    return table.pointee
  }

  /// Folders that AR1_CUDA_LIBRARIES names.
  static var userFolders: String { getenv("AR1_CUDA_LIBRARIES").map { String(cString: $0) } ?? "" }
}
