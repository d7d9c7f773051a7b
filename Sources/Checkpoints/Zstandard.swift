internal import CZstd

/// One zstd frame at a time, in memory.
package enum Zstandard {
  /// Compresses `bytes` into one frame.
  package static func compress(_ bytes: UnsafeRawBufferPointer, level: Int32) throws -> [UInt8] {
    let bound = ZSTD_compressBound(bytes.count)
    var failure: String?
    let frame = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      let written = ZSTD_compress(target.baseAddress, bound, bytes.baseAddress, bytes.count, level)
      if ZSTD_isError(written) != 0 {
        failure = String(cString: ZSTD_getErrorName(written))
        count = 0
      } else {
        count = written
      }
    }
    if let failure { throw CheckpointError("zstd could not compress \(bytes.count) bytes: \(failure)") }
    return frame
  }

  /// The number of bytes a frame says it holds.
  package static func contentSize(_ frame: UnsafeRawBufferPointer) throws -> Int {
    let size = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
    // The two largest values are zstd's "unknown" and "error".
    guard size < UInt64.max - 1, let count = Int(exactly: size) else {
      throw CheckpointError("the bytes do not begin with a zstd frame that states its size")
    }
    // A block holds at most 128 KiB and takes at least 4 bytes: what lies about its size is refused before memory is
    // taken for it.
    guard count <= (frame.count / 4 + 1) * (128 << 10) else {
      throw CheckpointError("a zstd frame of \(frame.count) bytes cannot hold the \(count) bytes it states")
    }
    return count
  }

  /// Decompresses one frame that must yield exactly `target.count` bytes.
  package static func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer)
    throws
  {
    let read = ZSTD_decompress(target.baseAddress, target.count, frame.baseAddress, frame.count)
    if ZSTD_isError(read) != 0 {
      throw CheckpointError("zstd could not decompress: \(String(cString: ZSTD_getErrorName(read)))")
    }
    guard read == target.count else {
      throw CheckpointError("a zstd frame holds \(read) bytes instead of \(target.count)")
    }
  }
}
