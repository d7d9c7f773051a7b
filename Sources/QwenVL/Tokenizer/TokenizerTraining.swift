public import OrderedJSON

/// Learns a byte-level BPE vocabulary from a corpus: the tokenizer of a small base model.
///
/// The split expression and the added tokens are Qwen2.5's, so every part of the program that knows the
/// published models works with the small one. Merges are learnt greedily: the most frequent neighbouring
/// pair within the corpus' pieces becomes a token, of equally frequent ones the pair with the smaller
/// identifiers.
public struct TokenizerTraining: Sendable {
  /// The tokens after the vocabulary proper, in Qwen2.5's order.
  public static let addedTokens: [(content: String, isSpecial: Bool)] = [
    ("<|endoftext|>", true), ("<|im_start|>", true), ("<|im_end|>", true), ("<|object_ref_start|>", true),
    ("<|object_ref_end|>", true), ("<|box_start|>", true), ("<|box_end|>", true), ("<|quad_start|>", true),
    ("<|quad_end|>", true), ("<|vision_start|>", true), ("<|vision_end|>", true), ("<|vision_pad|>", true),
    ("<|image_pad|>", true), ("<|video_pad|>", true), ("<tool_call>", false), ("</tool_call>", false),
    ("<|fim_prefix|>", false), ("<|fim_middle|>", false), ("<|fim_suffix|>", false), ("<|fim_pad|>", false),
    ("<|repo_name|>", false), ("<|file_sep|>", false),
  ]

  /// How often each distinct piece occurs, by its bytes.
  private var pieces: [[UInt8]: Int] = [:]

  public init() {}

  /// Counts a text's pieces. Added tokens in it separate pieces and are not counted; the text should be in
  /// Unicode's composed form.
  public mutating func add(_ text: String) {
    let bytes = Array(text.utf8)
    let matcher = AddedTokenMatcher(
      Self.addedTokens.enumerated().map { index, token in
        (
          Array(token.content.utf8),
          AddedToken(id: index, content: token.content, isSpecial: token.isSpecial)
        )
      })
    for part in matcher.split(bytes[...]) where part.id == nil {
      let run = Array(bytes[part.range])
      run.withUnsafeBufferPointer { buffer in
        TextSplitter.forEachPiece(of: buffer) { pieces[Array(run[$0]), default: 0] += 1 }
      }
    }
  }

  /// The vocabulary learnt: `tokenizer.json` in Hugging Face's form.
  ///
  /// - Parameters:
  ///   - vocabularySize: the number of tokens wanted with the 256 bytes and the 22 added tokens; fewer
  ///     result when the corpus has nothing left to merge.
  ///   - leastCount: a pair that occurs less often is not merged.
  public func tokenizerJSON(vocabularySize: Int, leastCount: Int = 2) -> JSON {
    let merges = learntMerges(count: vocabularySize - 256 - Self.addedTokens.count, leastCount: leastCount)
    // Identifiers: bytes in the order of their characters, then merges, then added tokens.
    var tokens = byteOrder.map { [$0] }
    for merge in merges { tokens.append(tokens[merge.left] + tokens[merge.right]) }
    let names = tokens.map(Self.name)
    let added = Self.addedTokens.enumerated().map { index, token -> JSON in
      [
        "id": .integer(tokens.count + index), "content": .string(token.content), "single_word": false,
        "lstrip": false, "rstrip": false, "normalized": false, "special": .bool(token.isSpecial),
      ]
    }
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added),
      "normalizer": ["type": "NFC"],
      "pre_tokenizer": [
        "type": "Sequence",
        "pretokenizers": [
          [
            "type": "Split", "pattern": ["Regex": .string(TextSplitter.expression)],
            "behavior": "Isolated", "invert": false,
          ],
          Self.byteLevel,
        ],
      ],
      "post_processor": Self.byteLevel, "decoder": Self.byteLevel,
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": "",
        "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
        "vocab": .object(names.enumerated().map { JSON.Member($0.element, .integer($0.offset)) }),
        "merges": .array(merges.map { [.string(names[$0.left]), .string(names[$0.right])] }),
      ],
    ]
  }

  private static let byteLevel: JSON = [
    "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false,
  ]

  private static func name(_ token: [UInt8]) -> String {
    String(decoding: token.flatMap(ByteAlphabet.token(of:)), as: UTF8.self)
  }

  /// Bytes sorted by the characters that stand for them, as published vocabularies have them.
  private var byteOrder: [UInt8] {
    (0...255).map { UInt8($0) }.sorted { ByteAlphabet.scalars[Int($0)] < ByteAlphabet.scalars[Int($1)] }
  }

  // MARK: Learning

  private struct Pair: Hashable {
    let left: Int
    let right: Int
  }

  private func learntMerges(count: Int, leastCount: Int) -> [Pair] {
    var identifier = [Int](repeating: 0, count: 256)
    for (id, byte) in byteOrder.enumerated() { identifier[Int(byte)] = id }
    var words = pieces.map { (ids: $0.key.map { identifier[Int($0)] }, count: $0.value) }
    var merges: [Pair] = []
    while merges.count < count {
      // A small corpus has few distinct pieces, so counting afresh costs little and keeps this plain.
      var counts: [Pair: Int] = [:]
      for word in words {
        for i in word.ids.indices.dropFirst() {
          counts[Pair(left: word.ids[i - 1], right: word.ids[i]), default: 0] += word.count
        }
      }
      let best = counts.max { a, b in
        (a.value, -a.key.left, -a.key.right) < (b.value, -b.key.left, -b.key.right)
      }
      guard let best, best.value >= leastCount else { break }
      let merged = 256 + merges.count
      merges.append(best.key)
      for i in words.indices { Self.merge(best.key, into: merged, &words[i].ids) }
    }
    return merges
  }

  private static func merge(_ pair: Pair, into merged: Int, _ ids: inout [Int]) {
    guard ids.count > 1 else { return }
    var kept = 0
    var position = 0
    while position < ids.count {
      if position + 1 < ids.count, ids[position] == pair.left, ids[position + 1] == pair.right {
        ids[kept] = merged
        position += 2
      } else {
        ids[kept] = ids[position]
        position += 1
      }
      kept += 1
    }
    ids.removeSubrange(kept...)
  }
}
