internal import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A block of memory that lives as long as the last tensor in it: allocated, part of a mapped file, or on a GPU.
final class Storage {
  /// On a GPU this is the address there, which only the GPU follows.
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  /// The GPU whose memory it is; nil for the processor's.
  let device: CUDADevice?
  /// The step whose arena it is from.
  private let step: DeviceStep?
  private let isInput: Bool
  /// The file whose mapping this is a part of; nil for allocated memory.
  private let file: MappedFile?
  /// The memory this is a part of.
  private let whole: Storage?

  /// Uninitialised memory for float32 elements: the caller writes every one before anyone reads it.
  convenience init(count: Int, sparse: Bool = false) {
    precondition(count >= 0, "storage: a count of \(count) elements")
    self.init(bytes: count * MemoryLayout<Float>.stride, sparse: sparse)
  }

  /// Uninitialised memory, aligned for the widest vector unit.
  /// - Parameter sparse: perhaps never written as a whole: then it is taken in small pages, as it is written.
  init(bytes: Int, sparse: Bool = false) {
    _ = Self.allocatorIsTold
    var raw: UnsafeMutableRawPointer?
    guard posix_memalign(&raw, 64, max(bytes, 4)) == 0, let raw else {
      fatalError("out of memory: \(bytes) bytes for a tensor")
    }
    base = raw
    byteCount = bytes
    file = nil
    whole = nil
    device = nil
    step = nil
    isInput = false
    if bytes >= Self.large && !sparse { ck_prefer_large_pages(raw, bytes) }
  }

  /// Uninitialised memory of a GPU. When that does not suffice the device remembers it, and nothing that is done with
  /// this memory has an effect.
  /// - Parameter isInput: it is uploaded to, see ``StepMemory``.
  init(bytes: Int, on device: CUDADevice, isInput: Bool = false) {
    let address = device.allocate(bytes: bytes, isInput: isInput)
    self.isInput = isInput
    base = address.flatMap { UnsafeMutableRawPointer(bitPattern: UInt($0)) } ?? Self.nowhere
    byteCount = bytes
    file = nil
    whole = nil
    self.device = device
    step = device.step
  }

  /// A part of other memory, which lives as long.
  init(partOf whole: Storage, _ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= whole.byteCount,
      "storage: bytes \(range) of \(whole.byteCount)")
    base = whole.base + range.lowerBound
    byteCount = range.count
    device = whole.device
    file = whole.file
    self.whole = whole
    step = nil
    isInput = false
  }

  /// Where memory is that could not be allocated.
  private static var nowhere: UnsafeMutableRawPointer {
    guard let place = UnsafeMutableRawPointer(bitPattern: 512) else { fatalError("512 is an address") }
    return place
  }

  /// From this size on, 32 MiB, an allocation has pages of its own, of which a last one not needed costs little.
  private static let large = 32 << 20

  /// A part of a file, at whatever alignment it has there. What is written to it stays in this process.
  init(mapped file: MappedFile, _ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= file.bytes.count && file.bytes.baseAddress != nil,
      "storage: bytes \(range) of a file of \(file.bytes.count)")
    guard let start = file.bytes.baseAddress else { fatalError("an empty file has no storage") }
    base = UnsafeMutableRawPointer(mutating: start) + range.lowerBound
    byteCount = range.count
    self.file = file
    whole = nil
    device = nil
    step = nil
    isInput = false
  }

  /// Evaluated once, before the first allocation.
  private static let allocatorIsTold: Void = ck_keep_freed_memory()

  deinit {
    if whole != nil { return }
    if let device {
      guard base != Self.nowhere else { return }
      if let step {
        // What outlives its step is free again when the next one begins.
        if device.step === step && !isInput {
          step.giveBack(address, bytes: CUDADevice.rounded(byteCount))
        }
      } else {
        device.release(address, bytes: byteCount)
      }
    } else if file == nil {
      free(base)
    }
  }

  /// Whether a step has taken it, or what it is a part of, from its arena.
  var isOfStep: Bool { step != nil || whole?.isOfStep ?? false }

  /// Whether it is a part of a mapped file.
  var isMapped: Bool { file != nil }

  /// Where it begins in the GPU's memory.
  var address: UInt64 { UInt64(UInt(bitPattern: base)) }

  /// The memory as float32 elements.
  var pointer: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
  /// How many float32 elements it holds.
  var count: Int { byteCount / MemoryLayout<Float>.stride }
}
