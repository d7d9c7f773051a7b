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
  private let onLeftOut: @Sendable (String) -> Void
  private let thread = DedicatedThread(name: "overlays")
  private let failure = FirstFailure()

  /// - Parameter onLeftOut: told of an image that no overlay can be made of.
  package init(output: String, onLeftOut: @escaping @Sendable (String) -> Void = { _ in }) {
    self.output = output
    self.onLeftOut = onLeftOut
  }

  /// Writes overlay and mask of a row with boxes.
  /// - Parameter mask: of the image's size; without one the boxes are filled.
  package func write(_ row: ScoreRow, of entry: ImageEntry, mask made: GreyImage?) {
    let overlay = output + "/" + ScoreReport.overlay(of: row.path)
    let mask = output + "/" + ScoreReport.mask(of: row.path)
    // The longest name of a filesystem.
    guard (row.path.split(separator: "/").last?.utf8.count ?? 0) + ".jpg".utf8.count <= 255 else {
      return onLeftOut("no overlay of \(row.path): with an ending its name is longer than 255 bytes")
    }
    thread.start { [failure, onLeftOut] in
      do {
        let image = try entry.picture(scoredAs: row)
        var drawn = image
        if let made { try drawn.blend(mask: made) }
        drawn = DefectDrawing.overlay(drawn, boxes: row.boxes)
        let filled =
          made ?? DefectDrawing.mask(width: image.width, height: image.height, boxes: row.boxes)
        let (jpeg, png) = (try drawn.jpeg(quality: 92), try filled.png())
        try Self.put(jpeg, at: overlay)
        try Self.put(png, at: mask)
      } catch let error as ImageError {
        // Its row stands. The image has gone or changed since it was scored, or it is more than a JPEG can hold, which
        // ends at 65,500 pixels a side. An earlier run's drawing would be of another image.
        for path in [overlay, mask] { try? FileManager.default.removeItem(atPath: path) }
        onLeftOut("no overlay of \(row.path): \(error)")
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
