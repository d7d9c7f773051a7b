internal import Digests
internal import Images
package import Inspection

/// The files of a prompt's pictures, read once: what is hashed is what is decoded, whatever becomes of the files since.
package struct PromptFiles: Sendable {
  let contents: [(path: String, bytes: [UInt8])]

  /// - Throws: `ImageError` for a file that cannot be read.
  package init(_ prompt: InspectionPrompt) throws {
    contents = try prompt.imagePaths.map { ($0, try ImageFile.bytes(path: $0)) }
  }

  /// Paths with the SHA-256 of what was read, in the prompt's order.
  package var hashes: [(path: String, sha256: String)] {
    contents.map { ($0.path, SHA256.digest(of: $0.bytes).hexadecimal) }
  }
}
