public import Images
import Tensors

/// SAM2 for images: masks of what lies in boxes.
///
/// A model is confined to one thread at a time, like its tensors.
public final class Segmenter {
  public let configuration: SegmenterConfiguration
  private let encoder: ImageEncoder
  private let boxes: BoxEncoder
  private let decoder: MaskDecoder
  private let pixels: PixelNormalisation

  /// Reads a model folder in Hugging Face form: `config.json`, `preprocessor_config.json` if there is one, and the
  /// safetensors of a `Sam2Model`, or of a `Sam2VideoModel`, of which the memory is left aside. The `.pt` files of
  /// the original repository are Python pickles and not read; transformers' conversion script makes such a folder of
  /// them.
  /// - Throws: an error that names the file, and the tensor if it is one's fault.
  public init(folder: String) throws {
    configuration = try SegmenterConfiguration(folder: folder)
    pixels = try PixelNormalisation(folder: folder)
    let parameters = Parameters(try ShardedWeights(folder: folder))
    encoder = try ImageEncoder(parameters, configuration: configuration)
    boxes = try BoxEncoder(parameters.below("prompt_encoder"), configuration: configuration)
    decoder = try MaskDecoder(parameters.below("mask_decoder"), decoder: configuration.decoder)
  }

  /// What all masks of an image share: nearly all of the work.
  public func embedding(of image: RGBImage) throws -> ImageEmbedding {
    try encoder(
      pixels.planes(of: image, side: configuration.imageSize), width: image.width, height: image.height)
  }

  /// The mask of what lies in each box.
  /// - Throws: ``SegmenterError`` for a box that is not four finite numbers with x1 < x2 and y1 < y2.
  public func masks(_ image: ImageEmbedding, boxes: [PromptBox]) throws -> [SegmentedMask] {
    for (index, box) in boxes.enumerated() {
      let sides = [box.x1, box.y1, box.x2, box.y2]
      guard sides.allSatisfy({ $0.isFinite && abs($0) < 1e6 }), box.x1 < box.x2, box.y1 < box.y2 else {
        throw SegmenterError(
          "box \(index + 1) is \(sides); it has to be x1, y1, x2, y2 with x1 < x2 and y1 < y2")
      }
    }
    return try boxes.map { box in
      let (logits, iou) = try decoder(
        image, prompt: self.boxes(box, width: image.width, height: image.height))
      return SegmentedMask(
        logits: logits, side: image.skips.full.width, iou: iou, width: image.width, height: image.height)
    }
  }

  /// The same for an image that nothing else is asked about.
  public func masks(image: RGBImage, boxes: [PromptBox]) throws -> [SegmentedMask] {
    try masks(try embedding(of: image), boxes: boxes)
  }
}
