import ArgumentParser
import QwenVL
import Tensors

/// `ar1 model forward`: one pass over a prompt, with everything in between written out.
struct ModelForward: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward",
    abstract: "Compute image features and logits of a prompt.",
    discussion: """
      Writes a safetensors file with input_ids i64[T], position_ids i64[3,T], pixel_values f32[P,…], \
      image_grid_thw i64[n,3], image_embeds f32[V,hidden] and logits f32[T,vocabulary].
      """)

  @OptionGroup var arguments: RequestArguments

  @Option(help: "The safetensors file to write.", completion: .file(extensions: ["safetensors"]))
  var output: String

  @OptionGroup var adapter: AdapterOptions

  @OptionGroup var device: DeviceOptions

  func run() throws {
    let prompt = try arguments.prompt(of: try RequestFile(path: arguments.request))
    let model = try adapter.adapt(device.load(arguments.model))
    let features = try model.encodeImages(prompt.images)
    let logits = try model.logits(prompt, imageFeatures: features)
    let patches = prompt.images.reduce(0) { $0 + $1.patchCount }
    let grid = prompt.images.flatMap { [1, $0.rows, $0.columns] }
    try SafetensorsWriter.write(
      [
        ("input_ids", .int64(prompt.ids, shape: [prompt.ids.count])),
        ("position_ids", .int64(prompt.positions.flatMap { $0 }, shape: [3, prompt.ids.count])),
        (
          "pixel_values",
          .floats(
            prompt.images.flatMap(\.pixelValues),
            shape: [patches, model.configuration.vision.patchLength])
        ),
        ("image_grid_thw", .int64(grid, shape: [prompt.images.count, 3])),
        ("image_embeds", .float32(features)),
        ("logits", .float32(logits)),
      ], to: output)
  }
}
