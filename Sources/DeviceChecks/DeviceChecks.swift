public import Tensors

/// What a person runs to see whether a GPU computes what the processor does.
public enum DeviceChecks {
  /// Every operation and a small network, on random inputs.
  /// - Parameter onResult: called with each result as it comes.
  /// - Throws: `CUDAError` when something fails on the device.
  public static func run(on device: CUDADevice, onResult: (CheckResult) -> Void) throws {
    for operation in OperationCase.all { onResult(try operation.check(on: device)) }
    for result in try NetworkChecks(device: device).all() { onResult(result) }
  }

  /// The names of what ``run(on:onResult:)`` computes one by one.
  package static var operations: [String] { OperationCase.all.map(\.name) }

  package static func operation(_ name: String, on device: CUDADevice) throws -> CheckResult? {
    try OperationCase.all.first { $0.name == name }?.check(on: device)
  }

  package static func network(on device: CUDADevice) throws -> [CheckResult] {
    try NetworkChecks(device: device).all()
  }
}
