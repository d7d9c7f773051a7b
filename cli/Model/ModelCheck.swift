import ArgumentParser
import DeviceChecks
import OrderedJSON
import Tensors

/// `ar1 model check`: whether a GPU computes what the processor does.
struct ModelCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Compare a GPU's results with the processor's.",
    discussion: """
      Every operation and a small network, forwards and backwards, on random inputs; prints the relative error of each \
      beside what rounding allows. The exit code is 1 when one is larger.

      Example: ar1 model check --device cuda:0
      """)

  @Option(help: "The GPU: cuda:N.") var device: String
  @Flag(help: "Print one JSON document.") var json = false

  func validate() throws {
    guard case .cuda? = ComputeDevice(device) else {
      throw ValidationError("--device \(device) names no GPU; it has the form cuda:0")
    }
  }

  func run() throws {
    guard let gpu = try ComputeDevice(device)?.open() else { return }
    var results: [CheckResult] = []
    if !json {
      let capability = "\(gpu.architecture / 10).\(gpu.architecture % 10)"
      Terminal.write(
        "\(gpu.name), compute capability \(capability), driver \(gpu.driverVersion), "
          + "cuBLASLt \(gpu.productsVersion)\n")
    }
    try DeviceChecks.run(on: gpu) { result in
      results.append(result)
      if !json {
        let verdict = result.passed ? "fine   " : "WRONG  "
        Terminal.write("\(verdict)  \(result.error)  (\(result.limit))  \(result.name)\n")
      }
    }
    if json {
      let document: JSON = [
        "device": .string(gpu.name), "compute_capability": .integer(gpu.architecture),
        "driver": .integer(gpu.driverVersion), "cublaslt": .integer(gpu.productsVersion),
        "peak_bytes": .integer(gpu.peakBytes),
        "results": .array(
          results.map {
            [
              "name": .string($0.name), "error": .number($0.error), "limit": .number($0.limit),
              "passed": .bool($0.passed),
            ]
          }),
      ]
      JSONOutput.print(document)
    }
    if results.contains(where: { !$0.passed }) { throw ExitCode(1) }
  }
}
