internal import CCUDA

/// Memory of the processor that a GPU copies to and from while both go on with something else.
final class PinnedMemory {
  let bytes: Int
  private let device: CUDADevice
  /// nil where it could not be had, which the device remembers.
  private let base: UnsafeMutableRawPointer?
  /// Comes when the last copy is done.
  private let event: UnsafeMutableRawPointer?

  init(bytes: Int, of device: CUDADevice) {
    var (base, event): (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) = (nil, nil)
    device.perform("\(bytes) bytes of pinned memory") { $0.host_allocate(&base, bytes, 0) }
    // Without times, which nobody reads.
    device.perform("an event") { $0.event_create(&event, 2) }
    (self.base, self.event, self.bytes, self.device) = (base, event, bytes, device)
  }

  deinit {
    // With the device's context its events and this memory are gone.
    if device.isClosed { return }
    let driver = device.libraries.driver
    _ = driver.context_use(device.context)
    if let event {
      _ = driver.event_wait(event)
      _ = driver.event_destroy(event)
    }
    if let base { _ = driver.host_release(base) }
  }

  /// Waits until the last copy is done, and lends the bytes.
  func withBytes(_ body: (UnsafeMutableRawPointer) -> Void) {
    device.perform("waiting for a copy") { $0.event_wait(event) }
    if let base { body(base) }
  }

  /// Has the first bytes copied to the device, in the order of its stream.
  func upload(bytes count: Int, to target: UInt64) {
    guard let base else { return }
    device.perform("writing \(count) bytes") { $0.upload(target, base, count, device.stream) }
    device.perform("an event") { $0.event_record(event, device.stream) }
  }

  /// Has bytes of the device copied here, in the order of its stream.
  func download(_ source: UInt64, bytes count: Int) {
    guard let base else { return }
    device.perform("reading \(count) bytes") { $0.download(base, source, count, device.stream) }
    device.perform("an event") { $0.event_record(event, device.stream) }
  }
}
