internal import CCUDA

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The kernels, compiled by NVRTC from the sources in the program, and kept in a folder by source, compiler, driver and
/// chip. A folder that cannot be written to costs the compilation with every start.
struct KernelCache {
  let folder: String

  /// `ar1/kernels` in $XDG_CACHE_HOME or ~/.cache; empty, and then nothing is kept, without a home.
  static var userFolder: String {
    func folder(_ variable: String) -> String? {
      getenv(variable).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    return (folder("XDG_CACHE_HOME") ?? folder("HOME").map { $0 + "/.cache" }).map { $0 + "/ar1/kernels" }
      ?? ""
  }

  /// The image that the driver loads for a chip.
  func image(
    architecture: Int, driverVersion: Int, compiler: ar1_nvrtc
  ) throws(CUDAError) -> [UInt8] {
    let target = try KernelCompiler(compiler).target(for: architecture)
    var (major, minor): (Int32, Int32) = (0, 0)
    _ = compiler.version(&major, &minor)
    var hash = FNV1a()
    hash.combine("\(target) nvrtc \(major).\(minor) driver \(driverVersion)\n")
    for source in KernelCompiler.sources { hash.combine("\(source.name)\n\(source.text)\n") }
    let path = "\(folder)/\(target)-\(hash.text).image"
    if !folder.isEmpty, let kept = Self.read(path), !kept.isEmpty { return kept }
    let image = try KernelCompiler(compiler).compile(for: target)
    if !folder.isEmpty { write(image, to: path) }
    return image
  }

  private static func read(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_size > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        Glibc.read(file, $0.baseAddress.map { $0 + start }, $0.count - start)
      }
      guard count > 0 else { return nil }
      start += count
    }
    return bytes
  }

  /// Under a name of its own first, so that nobody reads half of it.
  private func write(_ image: [UInt8], to path: String) {
    var made = ""
    for part in folder.split(separator: "/") {
      made += "/" + part
      _ = mkdir(made, 0o755)
    }
    let draft = "\(path).partial-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { return }
    var start = 0
    while start < image.count {
      let count = image.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress.map { $0 + start }, $0.count - start)
      }
      if count <= 0 { break }
      start += count
    }
    let isWhole = close(file) == 0 && start == image.count
    if !isWhole || rename(draft, path) != 0 { unlink(draft) }
  }
}
