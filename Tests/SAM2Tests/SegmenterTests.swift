import FoundationEssentials
import Images
import ModelFiles
import SAM2
import Tensors
import Testing

/// Against transformers' results in Tests/Golden/sam2.
@Suite struct SegmenterTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/sam2").path
  static var model: String { folder + "/model" }

  static func expected() throws -> SafetensorsFile {
    try SafetensorsFile(path: folder + "/expected.safetensors")
  }

  /// The image of the golden results, by the formula of their script.
  static var picture: RGBImage {
    let count = 128 * 128 * 3
    let bytes = (0..<count).map { (index: Int) -> UInt8 in UInt8((index * 7919 + index / 640) % 251) }
    return RGBImage(width: 128, height: 128, pixels: bytes)
  }

  static func boxes() throws -> [PromptBox] {
    let sides = try expected().floats(of: "boxes").map(Double.init)
    return stride(from: 0, to: sides.count, by: 4).map {
      PromptBox(x1: sides[$0], y1: sides[$0 + 1], x2: sides[$0 + 2], y2: sides[$0 + 3])
    }
  }

  /// ‖a − b‖ / ‖b‖
  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    let error = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return (error / b.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
  }

  @Test("logits and qualities equal the reference's, with the single mask and with the best of the others")
  func golden() throws {
    let masks = try Segmenter(folder: Self.model).masks(image: Self.picture, boxes: try Self.boxes())
    let expected = try Self.expected()
    #expect(masks.allSatisfy { $0.side == 32 && $0.width == 128 && $0.height == 128 })
    #expect(distance(masks.flatMap(\.logits), try expected.floats(of: "logits")) < 1e-5)
    for (mask, quality) in zip(masks, try expected.floats(of: "iou")) {
      #expect(abs(mask.iou - quality) < 1e-5)
    }
  }

  @Test("one embedding serves all boxes, in any order")
  func oneEmbedding() throws {
    let segmenter = try Segmenter(folder: Self.model)
    let embedding = try segmenter.embedding(of: Self.picture)
    let boxes = try Self.boxes()
    let together = try segmenter.masks(embedding, boxes: boxes)
    for (box, mask) in zip(boxes, together).reversed() {
      #expect(try segmenter.masks(embedding, boxes: [box]) == [mask])
    }
    #expect(try segmenter.masks(embedding, boxes: []).isEmpty)
  }

  @Test("a mask has the size of the image, and several cover what any of them does")
  func masks() throws {
    let expected = try Self.expected()
    let logits = Array(try expected.floats(of: "logits")[..<1024])
    let mask = SegmentedMask(logits: logits, side: 32, iou: 1, width: 50, height: 90)
    let pixels = try expected.bytes(of: "mask")
    let wrong = zip(mask.mask.pixels, pixels).count { $0 != $1 }
    #expect(mask.mask.pixels.count == 4500 && wrong <= 1)
    let opposite = SegmentedMask(logits: logits.map { -$0 }, side: 32, iou: 1, width: 50, height: 90)
    let union = try #require(SegmentedMask.union([mask, opposite]))
    #expect(union.pixels.count { $0 == 0 } <= 2)
    #expect(SegmentedMask.union([]) == nil)
  }

  @Test("an image of another size is resized, and its boxes with it")
  func otherSize() throws {
    let segmenter = try Segmenter(folder: Self.model)
    let grey = RGBImage(width: 200, height: 64, filledWith: RGBColor(120, 130, 140))
    let square = RGBImage(width: 128, height: 128, filledWith: RGBColor(120, 130, 140))
    let a = try segmenter.masks(image: grey, boxes: [PromptBox(x1: 50, y1: 16, x2: 150, y2: 48)])[0]
    let b = try segmenter.masks(image: square, boxes: [PromptBox(x1: 32, y1: 32, x2: 96, y2: 96)])[0]
    #expect(distance(a.logits, b.logits) < 1e-5)
    #expect(a.mask.width == 200 && a.mask.height == 64)
  }

  @Test("boxes without an area or a place are refused")
  func refusedBoxes() throws {
    let segmenter = try Segmenter(folder: Self.model)
    let embedding = try segmenter.embedding(of: Self.picture)
    for box in [
      PromptBox(x1: 5, y1: 5, x2: 5, y2: 9), PromptBox(x1: 9, y1: 5, x2: 5, y2: 9),
      PromptBox(x1: 0, y1: 0, x2: .nan, y2: 9), PromptBox(x1: 0, y1: 0, x2: .infinity, y2: 9),
    ] {
      #expect(throws: SegmenterError.self) { try segmenter.masks(embedding, boxes: [box]) }
    }
  }

  @Test("folders that are no such model are refused with file, key and tensor")
  func refusedFolders() throws {
    let files = FileManager.default
    func refusal(_ change: (_ config: inout String, _ folder: String) throws -> Void) throws -> String {
      let folder = files.temporaryDirectory.appending(path: "sam2-\(UInt64.random(in: 0 ... .max))").path
      try files.copyItem(atPath: Self.model, toPath: folder)
      defer { try? files.removeItem(atPath: folder) }
      let path = folder + "/config.json"
      var config = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
      try change(&config, folder)
      try Data(config.utf8).write(to: URL(filePath: path))
      do {
        _ = try Segmenter(folder: folder)
        return ""
      } catch {
        let message = "\(error)"
        #expect(message.contains(folder))
        return message
      }
    }
    #expect(try refusal { _, _ in }.isEmpty)
    #expect(try refusal { config, _ in config.replace("\"sam2\"", with: "\"sam3\"") }.contains("model_type"))
    #expect(
      try refusal { config, _ in config.replace("\"mlp_dim\": 48", with: "\"mlp_dim\": 40") }.contains("mlp"))
    #expect(
      try refusal { config, _ in config.replace("\"mlp_dim\": 48", with: "\"mlp_dim\": \"x\"") }.contains(
        "mask_decoder_config.mlp_dim"))
    #expect(
      try refusal { config, _ in config.replace("\"mlp_ratio\": 2.0", with: "\"mlp_ratio\": 1e300") }
        .contains("mlp_ratio"))
    #expect(
      try refusal { config, _ in
        config.replace(#/"window_size_per_stage": \[\s*(\d+),\s*(\d+),\s*\d+/#) { match in
          "\"window_size_per_stage\": [\(match.1), \(match.2), 2147483646"
        }
      }.contains("window_size_per_stage"))
    for size in ["0", "2147483647", "129"] {
      #expect(
        try refusal { config, _ in config.replace("\"image_size\": 128", with: "\"image_size\": \(size)") }
          != "")
    }
    #expect(
      try refusal { _, folder in
        try Data(#"{"image_std":[1,0,1]}"#.utf8).write(
          to: URL(filePath: folder + "/preprocessor_config.json"))
      }.contains("image_std"))
    #expect(
      try refusal { _, folder in try files.removeItem(atPath: folder + "/model.safetensors") }.contains(
        "model.safetensors"))
    #expect(
      try refusal { _, folder in
        let file = try SafetensorsFile(path: folder + "/model.safetensors")
        let kept = try file.names.filter { $0 != "no_memory_embedding" }.map {
          (name: $0, tensor: SafetensorsTensor.float32(try file.tensor(of: $0)))
        }
        try SafetensorsWriter.write(kept, to: folder + "/model.safetensors")
      }.contains("no_memory_embedding"))
  }
}
