import FoundationEssentials
import Images
import QwenVL
import Tensors
import Testing

/// Damaged model folders: whatever is in a file, reading it ends in a result or an error, soon and in little memory.
@Suite(.timeLimit(.minutes(5)))
struct FuzzTests {
  /// Changes to the bytes of a file, the same for a seed on every machine.
  struct Mutator {
    private var state: UInt64

    init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func number(below limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(limit, 1)
    }

    private static let values = [
      "0", "-1", "1", "2147483647", "2147483648", "9223372036854775807", "1e308", "0.5", "null", "true",
      "\"\"",
      "[]", "{}", "[[[[[[[[", "\u{0}", "\"\\ud800\"",
    ]

    /// One to four changes; `text` prefers such as keep JSON whole.
    mutating func mutate(_ bytes: inout [UInt8], text: Bool, within limit: Int) {
      for _ in 0...number(below: 4) {
        let size = min(bytes.count, limit)
        guard size > 8 else { return }
        let place = number(below: size)
        switch number(below: text ? 8 : 5) {
        case 0: bytes[place] = UInt8(number(below: 256))
        case 1: bytes[place] ^= 1 << UInt8(number(below: 8))
        case 2: bytes.removeSubrange(place..<min(size, place + 1 + number(below: 16)))
        case 3: bytes.insert(contentsOf: bytes[place..<min(size, place + 1 + number(below: 64))], at: place)
        case 4: if number(below: 8) == 0 { bytes.removeSubrange(place...) }
        default:
          // Another value in the place of a number.
          guard let start = bytes[place..<size].firstIndex(where: { (48...57).contains($0) }) else {
            continue
          }
          let end = bytes[start..<size].firstIndex { !(48...57).contains($0) } ?? size
          bytes.replaceSubrange(start..<end, with: Self.values[number(below: Self.values.count)].utf8)
        }
      }
    }
  }

  /// Calls `body` with copies of a folder in each of which one of its files is damaged.
  private func damaging(
    _ source: String, _ name: String, times: Int, text: Bool, within limit: Int = .max,
    _ body: (String) throws -> Void
  ) throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: "fuzz-\(UInt64.random(in: 0 ... .max))").path
    try files.copyItem(atPath: source, toPath: folder)
    defer { try? files.removeItem(atPath: folder) }
    let whole = [UInt8](try Data(contentsOf: URL(filePath: "\(source)/\(name)")))
    var refused = 0
    for seed in 0..<times {
      var mutator = Mutator(seed: seed)
      var bytes = whole
      mutator.mutate(&bytes, text: text, within: limit)
      try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
      do {
        try body(folder)
      } catch {
        refused += 1
        #expect(!"\(error)".isEmpty)
      }
    }
    #expect(refused > times / 10, "hardly anything was damaged")
  }

  @Test("a configuration with any number or byte in it")
  func configuration() throws {
    try damaging(NetworkFixture.model, "config.json", times: 600, text: true) { folder in
      let model = try QwenModel.load(folder: folder)
      _ = try model.logits(NetworkFixture.text([1, 2, 3]))
    }
  }

  @Test("weights with a damaged header or damaged values")
  func weights() throws {
    let header = 8 + 6000
    try damaging(NetworkFixture.model, "model.safetensors", times: 400, text: true, within: header) {
      folder in
      let model = try QwenModel.load(folder: folder, dtype: .bfloat16)
      _ = try model.generate(
        prompts: [NetworkFixture.text([1, 2, 3])], options: SamplingOptions(maxNewTokens: 2, stopTokenIDs: [])
      )
    }
  }

  @Test("a tokenizer in one file, and in its parts")
  func tokenizer() throws {
    func use(_ folder: String) throws {
      let tokenizer = try Tokenizer(folder: folder)
      _ = tokenizer.decode(tokenizer.encode("Größe 12, <|im_end|> e\u{301}🙂"))
    }
    try damaging(TextGolden.single, "tokenizer.json", times: 250, text: true, use)
    for name in ["vocab.json", "merges.txt", "tokenizer_config.json"] {
      try damaging(TextGolden.older, name, times: 100, text: true) { folder in
        try use(folder)
        // Most merges can be missing without anyone noticing.
        if name == "merges.txt" { throw CancellationError() }
      }
    }
  }

  @Test("settings of the image processor and of generation")
  func settings() throws {
    let image = RGBImage(width: 40, height: 30, filledWith: .white)
    try damaging(TextGolden.single, "preprocessor_config.json", times: 400, text: true) { folder in
      _ = try ImageProcessor(folder: folder).patches(of: image)
    }
    try damaging(TextGolden.single, "generation_config.json", times: 200, text: true) { folder in
      _ = try GenerationDefaults(folder: folder)
    }
  }
}
