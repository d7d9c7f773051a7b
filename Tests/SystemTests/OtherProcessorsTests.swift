import FoundationEssentials
import Testing

/// Kernels for processors this machine does not have, run by an emulator where there is one.
struct OtherProcessorsTests {
  private static let compiler = Program.installed("clang")
  private static let emulator = Program.installed("qemu-aarch64")
  /// Where Debian's cross compiler has the C library for arm64.
  private static let libraries = "/usr/aarch64-linux-gnu"
  private static let canEmulate =
    compiler != nil && emulator != nil && FileManager.default.fileExists(atPath: libraries)

  @Test(
    "On arm64, with and without its newer instructions, kernels compute what the portable loops do",
    .enabled(if: canEmulate, "needs clang and the packages qemu-user and gcc-aarch64-linux-gnu"))
  func arm64() async throws {
    let scratch = try Scratch()
    let (compiler, emulator) = (try #require(Self.compiler), try #require(Self.emulator))
    let kernels = Repository.root + "/Sources/CKernels"
    let sources = try FileManager.default.contentsOfDirectory(atPath: kernels).filter { $0.hasSuffix(".c") }
    let built = try await Program(path: compiler, folder: scratch.path).run(
      ["--target=aarch64-linux-gnu", "-O1", "-fno-math-errno", "-std=gnu17", "-I", kernels + "/include"]
        + sources.map { kernels + "/" + $0 }
        + [Repository.root + "/Tests/OtherProcessors/compare_kernels.c", "-lm", "-o", "compare"])
    try #require(built.code == 0, "\(built.error)")
    // All instructions the emulator knows; neither dot products nor bfloat16.
    for processor in ["max", "cortex-a72"] {
      let run = try await Program(path: emulator, folder: scratch.path).run(
        ["-L", Self.libraries, "-cpu", processor, "compare"])
      #expect(run.code == 0, "\(processor): \(run.output)\(run.error)")
      #expect(run.output.contains("int8: at most"), "\(processor): \(run.output)")
    }
  }
}
