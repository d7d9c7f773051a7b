internal import WorkerRuntime

/// Reads the images of a shard ahead of the model, on a thread of its own and within a bound of memory, so that
/// decoding and preprocessing cost no time of the model's.
final class ImageFeed: Sendable {
  /// Bytes of patches that may wait: a few dozen large images.
  private static let capacity = 384 << 20
  /// Images of a batch decode together; so many tokens of prompts at most, which bounds the memory of their keys and
  /// values.
  static let largestBatch = 32
  static let mostTokens = 16_384

  private let thread = DedicatedThread(name: "image reader")
  private let handover = Handover<ReadImage>(capacity: ImageFeed.capacity)

  /// - Parameter read: reads the image at a position of the run; an error it throws ends the feed.
  init(_ images: [Int], read: @escaping @Sendable (Int) throws -> ReadImage) {
    thread.start { [handover] in
      do {
        for image in images {
          let element = try read(image)
          guard handover.give(element, weight: element.weight) else { break }
        }
        handover.close()
      } catch {
        handover.close(error)
      }
    }
  }

  deinit { handover.abandon() }

  /// The next images, read and ready; waits for them. Empty at the end.
  /// - Parameter memoryFailures: how often the shard ran out of memory: each halves what is decoded together.
  /// - Throws: what ended the reading.
  func nextBatch(memoryFailures: Int = 0) throws -> [ReadImage] {
    let halvings = min(max(0, memoryFailures), 10)
    var batch: [ReadImage] = []
    var tokens = 0
    while batch.count < max(1, Self.largestBatch >> halvings) {
      let isFirst = batch.isEmpty
      let left = (Self.mostTokens >> halvings) - tokens
      guard let next = handover.take(if: { isFirst || $0.tokens <= left }), let image = next else { break }
      batch.append(image)
      tokens += image.tokens
    }
    if batch.isEmpty, let error = handover.closingFailure { throw error }
    return batch
  }
}
