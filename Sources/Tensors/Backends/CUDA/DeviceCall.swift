/// Something that is done on a GPU in the order of its stream.
enum DeviceCall: Equatable {
  case launch(KernelLaunch)
  case multiply(ProductShape, ProductPlaces)
  case copy(source: UInt64, bytes: Int, target: UInt64)
  case clear(target: UInt64, bytes: Int)
  /// Of bytes in the processor's memory, which are not part of the call.
  case upload(bytes: Int, target: UInt64)

  var isUpload: Bool {
    if case .upload = self { true } else { false }
  }
}

/// `blocks` × `height` blocks of a kernel.
struct KernelLaunch: Equatable {
  let kernel: String
  let blocks: Int, height: Int, threads: Int
  /// Bytes of shared memory for each block.
  let memory: Int
  /// Each in the low bytes, also of what is shorter.
  let arguments: [UInt64]
}
