import Digests
import Foundation
import Images
import Inspection
import QwenVL
import TaskExecutors
import Testing

/// What is recorded of a prompt's pictures is what the model saw.
@Suite struct PromptFilesTests {
  private static let base =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/models/demo-base"

  @Test func `a picture that is swapped after it was read is neither hashed nor shown`() throws {
    let folder = try TestFolder()
    let path = folder.path + "/part.png"
    let shown = Data(try RGBImage(width: 84, height: 84, filledWith: .white).png())
    try shown.write(to: URL(fileURLWithPath: path))
    let prompt = InspectionPrompt(parts: [.image(path), .text("Is it good?")], maxNewTokens: 8)
    let source = try PromptSource(folder: Self.base)
    let before = try source.encode(prompt)
    let files = try PromptFiles(prompt)
    try Data(RGBImage(width: 56, height: 56, filledWith: .black).png()).write(to: URL(fileURLWithPath: path))
    #expect(files.hashes.map(\.path) == [path])
    #expect(files.hashes.map(\.sha256) == [SHA256.digest(of: [UInt8](shown)).hexadecimal])
    let after = try source.encode(prompt, files: files)
    #expect(after.ids == before.ids)
    #expect(after.images.map(\.pixelValues) == before.images.map(\.pixelValues))
    #expect(try source.encode(prompt).images.map(\.pixelValues) != before.images.map(\.pixelValues))
  }

  @Test func `a picture too long for the model is refused at its own size, before it is shrunk`() throws {
    let folder = try TestFolder()
    let path = folder.path + "/thread.png"
    try Data(try RGBImage(width: 1, height: 5000, filledWith: .white).png()).write(
      to: URL(fileURLWithPath: path))
    let prompt = InspectionPrompt(parts: [.image(path)], maxNewTokens: 8, imageBound: .paper)
    let source = try PromptSource(folder: Self.base)
    let error = #expect(throws: QwenVL.PromptError.self) { try source.encode(prompt) }
    #expect(error.map { "\($0)" }?.contains("1 x 5000") == true)
  }
}
