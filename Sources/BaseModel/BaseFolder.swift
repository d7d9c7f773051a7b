import FoundationEssentials
import ModelFiles
import OrderedJSON
import QwenVL

/// The model folder being made: everything is written beside it first and moved in when it is complete.
struct BaseFolder {
  private let folder: String
  /// Where files wait until they are complete.
  let draft: String

  /// Makes the folder, so that one that cannot be written is noticed before hours of work.
  init(_ folder: String) throws {
    self.folder = folder
    draft = folder + "/.draft"
    let files = FileManager.default
    do {
      if files.fileExists(atPath: draft) { try files.removeItem(atPath: draft) }
      try files.createDirectory(atPath: draft, withIntermediateDirectories: true)
    } catch {
      throw BaseError("the model cannot be saved in \(folder): \(FileReason.words(error))")
    }
  }

  func writeTokenizer(_ tokenizer: JSON) throws {
    try write(tokenizer, "tokenizer.json", pretty: false)
    try write(
      [
        "add_prefix_space": false, "bos_token": nil, "clean_up_tokenization_spaces": false,
        "eos_token": "<|im_end|>", "errors": "replace", "model_max_length": 2048,
        "pad_token": "<|endoftext|>",
        "tokenizer_class": "Qwen2Tokenizer", "unk_token": nil, "chat_template": .string(Self.chatTemplate),
      ], "tokenizer_config.json")
    try write(
      [
        "min_pixels": .integer(56 * 56), "max_pixels": .integer(28 * 28 * 64), "patch_size": 14,
        "temporal_patch_size": 2, "merge_size": 2,
        "image_mean": .array(ImageProcessor.clipMean.map { .number($0) }),
        "image_std": .array(ImageProcessor.clipDeviation.map { .number($0) }),
        "image_processor_type": "Qwen2VLImageProcessor", "processor_class": "Qwen2_5_VLProcessor",
      ], "preprocessor_config.json")
  }

  /// Greedy decoding that ends with the turn.
  func writeSettings(_ configuration: QwenConfiguration) throws {
    try write(
      ["do_sample": false, "eos_token_id": .array(configuration.stopTokenIDs.map { .integer($0) })],
      "generation_config.json")
  }

  /// Moves every file into place, the weights last.
  func publish() throws {
    let files = FileManager.default
    do {
      let names = try files.contentsOfDirectory(atPath: draft).sorted { a, b in
        (a == Self.weights ? 1 : 0, a) < (b == Self.weights ? 1 : 0, b)
      }
      for name in names {
        let target = "\(folder)/\(name)"
        if files.fileExists(atPath: target) { try files.removeItem(atPath: target) }
        try files.moveItem(atPath: "\(draft)/\(name)", toPath: target)
      }
      try files.removeItem(atPath: draft)
    } catch {
      throw BaseError(
        "the finished model cannot be moved from \(draft) to \(folder): \(FileReason.words(error))")
    }
  }

  /// Bytes of all files.
  var bytes: Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.reduce(0) { sum, name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
      return sum + (attributes?[.size] as? Int ?? 0)
    }
  }

  private static let weights = "model.safetensors"

  /// The conversation format for programs that read it from the folder; this one has it built in.
  private static let chatTemplate = """
    {%- if messages[0].role != 'system' %}<|im_start|>system
    You are a helpful assistant.<|im_end|>
    {% endif %}{%- for message in messages %}<|im_start|>{{ message.role }}
    {% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}\
    {% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% elif part.type == 'text' %}\
    {{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>
    {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
    {% endif %}
    """

  private func write(_ json: JSON, _ name: String, pretty: Bool = true) throws {
    do {
      try Data(json.serialized(pretty: pretty).utf8).write(to: URL(filePath: "\(draft)/\(name)"))
    } catch {
      throw BaseError("\(draft)/\(name) cannot be written: \(FileReason.words(error))")
    }
  }
}
