internal import Checkpoints
internal import FoundationEssentials
package import Images
package import Inspection
internal import Synchronization
internal import WorkerRuntime

/// Draws the found boxes on their images and fills masks, on a thread beside the model's.
///
/// The files follow from the results alone, so two workers that write the same one write the same bytes.
package final class OverlayWriter: Sendable {
  private let output: String
  private let thread = DedicatedThread(name: "overlays")
  private let failure = FirstFailure()

  package init(output: String) { self.output = output }

  /// Writes overlay and mask of a row with boxes.
  /// - Parameter mask: of the image's size; without one the boxes are filled.
  package func write(_ row: ScoreRow, of entry: ImageEntry, mask made: GreyImage?) {
    let overlay = output + "/" + ScoreReport.overlay(of: row.path)
    let mask = output + "/" + ScoreReport.mask(of: row.path)
    thread.start { [failure] in
      do {
        // An image that has gone since it was scored has its row and no overlay.
        guard let image = try? ImageFile.decode(bytes: entry.bytes(), name: entry.path) else { return }
        var drawn = image
        if let made { try drawn.blend(mask: made) }
        drawn = DefectDrawing.overlay(drawn, boxes: row.boxes)
        try Self.put(drawn.jpeg(quality: 92), at: overlay)
        let filled =
          made ?? DefectDrawing.mask(width: image.width, height: image.height, boxes: row.boxes)
        try Self.put(filled.png(), at: mask)
      } catch {
        failure.note(error)
      }
    }
  }

  /// Waits until everything is written.
  /// - Throws: the first thing that went wrong.
  package func finish() async throws {
    try await thread.run {}
    if let error = failure.noted { throw OutputError.failure("an overlay cannot be written: \(error)") }
  }

  private static func put(_ bytes: [UInt8], at path: String) throws {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    try DurableFiles.makeFolder(folder)
    try DurableFiles.replace(path, with: bytes)
  }
}

/// The first of several failures on other threads.
private final class FirstFailure: Sendable {
  private let error = Mutex<(any Error)?>(nil)
  var noted: (any Error)? { error.withLock { $0 } }
  func note(_ error: any Error) { self.error.withLock { $0 = $0 ?? error } }
}
