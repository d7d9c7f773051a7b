internal import CMPI
public import Tensors

/// The processes that `mpirun` has started together.
///
/// MPI is started once per process and called by one thread at a time: it belongs to the learner's thread, and before
/// there is one to the thread that starts and ends the process.
public final class MPICollective: Collective {
  public let rank: Int
  public let size: Int

  /// Starts MPI.
  /// - Throws: `TrainingError` where it is not installed or the process was not started by mpirun.
  public init() throws {
    var rank: Int32 = 0
    var size: Int32 = 1
    if let problem = ar1_mpi_start(&rank, &size) { throw TrainingError(String(cString: problem)) }
    (self.rank, self.size) = (Int(rank), Int(size))
  }

  public func sum(_ tensor: Tensor) throws {
    let code = tensor.withUnsafeValues { values in
      values.baseAddress.map { ar1_mpi_sum_floats($0, values.count) } ?? 0
    }
    try check(code)
  }

  public func gather(_ values: [Double]) throws -> [[Double]] {
    var counts = [Double](repeating: 0, count: size)
    counts[rank] = Double(values.count)
    try sum(&counts)
    var all = [Double](repeating: 0, count: Int(counts.reduce(0, +)))
    let start = Int(counts[..<rank].reduce(0, +))
    for (index, value) in values.enumerated() { all[start + index] = value }
    try sum(&all)
    var next = 0
    return counts.map { count in
      defer { next += Int(count) }
      return Array(all[next..<next + Int(count)])
    }
  }

  public func broadcast(_ bytes: [UInt8]) throws -> [UInt8] {
    var count = UInt64(bytes.count)
    try check(ar1_mpi_broadcast(&count, MemoryLayout<UInt64>.size, Self.nap))
    var bytes = rank == 0 ? bytes : [UInt8](repeating: 0, count: Int(count))
    let code = bytes.withUnsafeMutableBytes { buffer in
      buffer.baseAddress.map { ar1_mpi_broadcast($0, buffer.count, Self.nap) } ?? 0
    }
    try check(code)
    return bytes
  }

  /// Ends MPI; every rank has to come here.
  public func stop() { ar1_mpi_stop() }

  /// Ends the processes of all ranks: what they were doing is done again by whoever takes their place.
  public func abort(code: Int32) -> Never { ar1_mpi_abort(code) }

  /// Microseconds between two looks for what rank 0 sends, which may be a while in coming.
  private static let nap: UInt32 = 500

  private func sum(_ values: inout [Double]) throws {
    let code = values.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { ar1_mpi_sum_doubles($0, buffer.count) } ?? 0
    }
    try check(code)
  }

  private func check(_ code: Int32) throws {
    guard code == 0 else { throw TrainingError("MPI reports error \(code)") }
  }
}
