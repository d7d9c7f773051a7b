import ModelFiles
import OrderedJSON

extension Tokenizer {
  /// Reads `tokenizer.json`, or the older `vocab.json` and `merges.txt` with the added tokens of
  /// `tokenizer_config.json`.
  ///
  /// - Throws: ``ModelFileError`` when neither form is complete, a file is malformed, or it asks for another
  ///   kind of tokenizer.
  public convenience init(folder path: String) throws {
    let folder = ModelFolder(path)
    if folder.has("tokenizer.json") {
      try self.init(single: folder)
    } else if folder.has("vocab.json") {
      try self.init(older: folder)
    } else {
      try folder.requireFolder()
      throw ModelFileError(
        file: folder.path,
        problem: "holds no tokenizer: neither tokenizer.json nor vocab.json with merges.txt")
    }
  }

  // MARK: tokenizer.json

  private convenience init(single folder: ModelFolder) throws {
    let file = folder.path(of: "tokenizer.json")
    let root = try SettingsReader(file: file, values: try folder.json("tokenizer.json"))
    guard let model = try root.object("model") else { throw root.failure("model", "is missing") }
    try Self.requireKnownModel(model)
    try Self.requireKnownSplit(root)
    let merges = model.value("merges")?.array ?? []
    var builder = try TokenizerBuilder(
      vocabulary: model.value("vocab"), file: file, mergesFile: file, mergeCount: merges.count)
    for merge in merges { try Self.add(merge, to: &builder) }
    let (tokens, merging) = try builder.finished()
    self.init(
      tokens: tokens, merging: merging, addedTokens: try Self.addedTokens(root),
      normalizes: try Self.normalizes(root))
  }

  private static func requireKnownModel(_ model: SettingsReader) throws {
    let type = try model.text("type") ?? "BPE"
    guard type == "BPE" else {
      throw model.failure("type", "is \"\(type)\"; only \"BPE\" is implemented")
    }
    for key in ["byte_fallback", "ignore_merges"] where try model.truth(key, default: false) {
      throw model.failure(key, "is true, which is not implemented")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = try model.text(key), !affix.isEmpty {
        throw model.failure(key, "is \"\(affix)\"; byte-level tokens have none")
      }
    }
  }

  private static func normalizes(_ root: SettingsReader) throws -> Bool {
    guard let normalizer = try root.object("normalizer") else { return false }
    let steps = normalizer.value("normalizers")?.array ?? [normalizer.values]
    for step in steps where step["type"]?.string != "NFC" {
      throw root.failure("normalizer", "is \(step.serialized()); only NFC is implemented")
    }
    return !steps.isEmpty
  }

  private static func requireKnownSplit(_ root: SettingsReader) throws {
    let steps = root.value("pre_tokenizer")?["pretokenizers"]?.array ?? []
    let expression = steps.first?["pattern"]?["Regex"]?.string
    guard steps.count == 2, expression == TextSplitter.expression,
      steps[0]["behavior"]?.string == "Isolated", steps[0]["invert"]?.bool != true,
      steps[1]["type"]?.string == "ByteLevel", steps[1]["add_prefix_space"]?.bool != true,
      steps[1]["use_regex"]?.bool == false
    else {
      throw root.failure(
        "pre_tokenizer",
        "is not the one of Qwen2.5 (a split by its expression, then bytes); others are not implemented")
    }
  }

  /// A merge is a pair, or a string with one space between the two.
  private static func add(_ merge: JSON, to builder: inout TokenizerBuilder) throws {
    if case .array(let pair) = merge, pair.count == 2, var left = pair[0].string, var right = pair[1].string {
      try left.withUTF8 { left in try right.withUTF8 { right in try builder.merge(left, right) } }
    } else if case .string(var text) = merge {
      try text.withUTF8 { try builder.merge(line: $0) }
    } else {
      throw ModelFileError(
        file: builder.mergesFile, problem: "a merge is neither a string nor a pair: \(merge.serialized())")
    }
  }

  private static func addedTokens(_ root: SettingsReader) throws -> [AddedToken] {
    try (root.value("added_tokens")?.array ?? []).enumerated().map { index, token in
      let reader = try SettingsReader(file: root.file, place: "added_tokens[\(index)].", values: token)
      guard reader.has("id") else { throw reader.failure("id", "is missing") }
      return try AddedToken(reader, id: try reader.whole("id", default: 0, atLeast: 0))
    }
  }

  // MARK: vocab.json, merges.txt, tokenizer_config.json

  private convenience init(older folder: ModelFolder) throws {
    let merges = try folder.bytes(of: "merges.txt")
    let file = folder.path(of: "merges.txt")
    guard String(validating: merges, as: UTF8.self) != nil else {
      throw ModelFileError(file: file, problem: "is not valid UTF-8")
    }
    var builder = try TokenizerBuilder(
      vocabulary: try folder.json("vocab.json"), file: folder.path(of: "vocab.json"), mergesFile: file,
      mergeCount: merges.count { $0 == UInt8(ascii: "\n") } + 1)
    try merges.withUnsafeBufferPointer { text in
      var isFirst = true
      for var line in text.split(separator: UInt8(ascii: "\n")) {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        defer { isFirst = false }
        // Only the first line is a header: "# #" is a merge like any other.
        if line.isEmpty || isFirst && line.starts(with: "#version".utf8) { continue }
        try builder.merge(line: UnsafeBufferPointer(rebasing: line))
      }
    }
    let (tokens, merging) = try builder.finished()
    self.init(
      tokens: tokens, merging: merging, addedTokens: try Self.addedTokens(folder), normalizes: true)
  }

  private static func addedTokens(_ folder: ModelFolder) throws -> [AddedToken] {
    let name = "tokenizer_config.json"
    guard folder.has(name) else { return [] }
    let root = try SettingsReader(file: folder.path(of: name), values: try folder.json(name))
    return try (try root.object("added_tokens_decoder")?.values.members ?? []).map { member in
      let place = "added_tokens_decoder.\(member.key)."
      let reader = try SettingsReader(file: root.file, place: place, values: member.value)
      guard let id = Int(member.key), id >= 0 else {
        throw root.failure("added_tokens_decoder", "has the key \"\(member.key)\", not an identifier")
      }
      return try AddedToken(reader, id: id)
    }
  }
}

extension TokenizerBuilder {
  /// A merge as one line with a space between its two tokens.
  fileprivate mutating func merge(line: UnsafeBufferPointer<UInt8>) throws(ModelFileError) {
    let space = UInt8(ascii: " ")
    guard let gap = line.firstIndex(of: space), !line[(gap + 1)...].contains(space) else {
      throw ModelFileError(
        file: mergesFile,
        problem:
          "a merge must be two tokens with a space between: \"\(String(decoding: line, as: UTF8.self))\"")
    }
    try merge(UnsafeBufferPointer(rebasing: line[..<gap]), UnsafeBufferPointer(rebasing: line[(gap + 1)...]))
  }
}
