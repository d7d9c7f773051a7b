public import Tensors

/// What the processes of one learner do together. Each takes its share of a step's prompts; gradients are summed over
/// all of them, and every one takes the same optimizer step.
///
/// Every rank makes the same calls in the same order, from one thread at a time; each returns when all have come. NCCL, or whatever else joins
/// devices, fits behind it.
public protocol Collective: AnyObject, Sendable {
  /// From 0; rank 0 speaks for all.
  var rank: Int { get }
  /// At least 1.
  var size: Int { get }
  /// Adds the tensors of all ranks up, in place; every rank gets the same bits.
  func sum(_ tensor: Tensor) throws
  /// The numbers of every rank, by rank; each may have another number of them.
  func gather(_ values: [Double]) throws -> [[Double]]
  /// The bytes of rank 0, for every rank; what the others give is not looked at.
  func broadcast(_ bytes: [UInt8]) throws -> [UInt8]
}

/// A learner in one process.
public final class SoleProcess: Collective {
  public init() {}
  public var rank: Int { 0 }
  public var size: Int { 1 }
  public func sum(_ tensor: Tensor) {}
  public func gather(_ values: [Double]) -> [[Double]] { [values] }
  public func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
}
