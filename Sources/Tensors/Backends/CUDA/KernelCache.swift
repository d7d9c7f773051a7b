internal import CCUDA
internal import Digests

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The kernels, compiled by NVRTC from the sources in the program, and kept in a folder by source, compiler, driver and
/// chip. A folder that cannot be written to costs the compilation with every start; so does, once, a file that was damaged.
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
    let compiler = KernelCompiler(compiler)
    let target = try compiler.target(for: architecture)
    let version = compiler.version
    var hash = FNV1a()
    hash.combine("\(target) nvrtc \(version.major).\(version.minor) driver \(driverVersion)\n")
    hash.combine(compiler.options(for: target).joined(separator: " ") + "\n")
    for source in KernelCompiler.sources { hash.combine("\(source.name)\n\(source.text)\n") }
    let path = "\(folder)/\(target)-\(hash.text).image"
    if !folder.isEmpty, let kept = Self.read(path) { return kept }
    let image = try compiler.compile(for: target)
    if !folder.isEmpty { write(image, to: path) }
    return image
  }

  /// An image, behind which lies its hash; nil for a file that is none.
  private static func read(_ path: String) -> [UInt8]? {
    guard let file = try? MappedFile(path: path), file.bytes.count > hash(of: []).count else { return nil }
    let image = Array(file.bytes.dropLast(hash(of: []).count))
    return file.bytes.dropFirst(image.count).elementsEqual(hash(of: image)) ? image : nil
  }

  private func write(_ image: [UInt8], to path: String) {
    var made = ""
    for part in folder.split(separator: "/") {
      made += "/" + part
      _ = mkdir(made, 0o755)
    }
    guard let file = try? ReplacedFile(path) else { return }
    try? (image + Self.hash(of: image)).withUnsafeBytes { bytes throws(SafetensorsError) in
      try file.append(bytes)
      try file.commit()
    }
  }

  private static func hash(of image: [UInt8]) -> [UInt8] {
    var hash = FNV1a()
    hash.combine(image)
    return Array(hash.text.utf8)
  }
}
