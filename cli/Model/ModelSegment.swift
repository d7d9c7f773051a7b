import ArgumentParser
import Images
import OrderedJSON
import SAM2
import Tensors

/// `ar1 model segment`: masks of what lies in boxes.
struct ModelSegment: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segment",
    abstract: "Make masks of what lies in boxes of an image, with a SAM2 model.",
    discussion: """
      Boxes are pixels of the image: [[x1,y1,x2,y2],…]. Writes a safetensors file with logits f32[boxes,256,256], \
      masks u8[boxes,height,width] and iou f32[boxes].

      Example: ar1 model segment models/sam2.1-hiera-tiny --image part.png --boxes '[[10,20,60,80]]' --output masks.safetensors
      """)

  @Argument(help: "A SAM2 folder in Hugging Face form.", completion: .directory)
  var model: String

  @Option(help: "The image.", completion: .file())
  var image: String

  @Option(help: "A JSON list of boxes.")
  var boxes: String

  @Option(help: "The safetensors file to write.", completion: .file(extensions: ["safetensors"]))
  var output: String

  func run() throws {
    let boxes = try Self.boxes(self.boxes)
    let picture = try ImageFile.decode(path: image)
    let masks = try Segmenter(folder: model).masks(image: picture, boxes: boxes)
    let side = masks.first?.side ?? 0
    try SafetensorsWriter.write(
      [
        ("logits", .floats(masks.flatMap(\.logits), shape: [masks.count, side, side])),
        (
          "masks",
          .uint8(masks.flatMap { $0.mask.pixels }, shape: [masks.count, picture.height, picture.width])
        ),
        ("iou", .floats(masks.map(\.iou), shape: [masks.count])),
      ], to: output)
  }

  private static func boxes(_ text: String) throws -> [PromptBox] {
    let form = "--boxes has to be a JSON list of at least one box, [[x1,y1,x2,y2],…]"
    let json: JSON
    do {
      json = try JSON(parsing: Array(text.utf8))
    } catch {
      throw ValidationError("\(form): \(error)")
    }
    guard let rows = json.array, !rows.isEmpty else { throw ValidationError(form) }
    return try rows.map { row in
      let sides = (row.array ?? []).compactMap(\.double)
      guard sides.count == 4, row.array?.count == 4 else {
        throw ValidationError("\(form), not \(row.serialized())")
      }
      return PromptBox(x1: sides[0], y1: sides[1], x2: sides[2], y2: sides[3])
    }
  }
}
