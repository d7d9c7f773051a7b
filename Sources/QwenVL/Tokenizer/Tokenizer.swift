/// The byte-level BPE tokenizer of Qwen2.5-VL.
///
/// Added tokens are cut out first; the rest is normalised to NFC, split into pieces and merged byte by byte.
/// Every text has an encoding and, up to normalisation, decodes to itself.
public final class Tokenizer: Sendable {
  /// Tokens such as `<|im_start|>`, in the order of their identifiers.
  public let addedTokens: [AddedToken]
  private let tokens: TokenTable
  private let merging: BytePairMerging
  private let normalizes: Bool
  private let asGiven: AddedTokenMatcher
  private let afterNormalization: AddedTokenMatcher
  private let addedByID: [Int: AddedToken]
  private let addedByContent: [[UInt8]: Int]

  /// - Precondition: `merging` names only tokens of the table.
  init(tokens: TokenTable, merging: BytePairMerging, addedTokens: [AddedToken], normalizes: Bool) {
    self.tokens = tokens
    self.merging = merging
    self.normalizes = normalizes
    self.addedTokens = addedTokens.sorted { $0.id < $1.id }
    asGiven = AddedTokenMatcher(addedTokens.filter { !$0.normalized }.map { (Array($0.content.utf8), $0) })
    afterNormalization = AddedTokenMatcher(
      addedTokens.filter(\.normalized).map {
        let bytes = Array($0.content.utf8)
        return (normalizes ? ComposedForm.composed(bytes[...]) ?? bytes : bytes, $0)
      })
    addedByID = Dictionary(addedTokens.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    addedByContent = Dictionary(
      addedTokens.map { (Array($0.content.utf8), $0.id) }, uniquingKeysWith: { $1 })
  }

  /// One more than the largest identifier; the model's embedding table may be larger.
  public var vocabularySize: Int {
    max(tokens.idCount, (addedTokens.last?.id ?? -1) + 1)
  }

  /// The identifiers of a text; added tokens in it are recognised.
  public func encode(_ text: String) -> [Int] {
    var ids: [Int] = []
    let bytes = Array(text.utf8)
    for part in asGiven.split(bytes[...]) {
      if let id = part.id {
        ids.append(id)
      } else {
        encodePlain(bytes[part.range], into: &ids)
      }
    }
    return ids
  }

  /// Encodes text between the tokens that are looked for in the text as given.
  private func encodePlain(_ text: ArraySlice<UInt8>, into ids: inout [Int]) {
    let normal = normalizes ? ComposedForm.composed(text).map { $0[...] } ?? text : text
    for part in afterNormalization.split(normal) {
      if let id = part.id {
        ids.append(id)
        continue
      }
      normal[part.range].withUnsafeBufferPointer { bytes in
        TextSplitter.forEachPiece(of: bytes) { range in
          merging.encode(UnsafeBufferPointer(rebasing: bytes[range]), into: &ids)
        }
      }
    }
  }

  /// The text of identifiers. Bytes that are not valid UTF-8 become U+FFFD, identifiers without a token
  /// (the padding of the embedding table) nothing.
  ///
  /// - Parameter skippingSpecial: leaves out special added tokens such as `<|im_end|>`.
  public func decode(_ ids: [Int], skippingSpecial: Bool = true) -> String {
    var bytes: [UInt8] = []
    for id in ids { append(id, skippingSpecial: skippingSpecial, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the bytes of one token, which need not be whole characters.
  func append(_ id: Int, skippingSpecial: Bool, to bytes: inout [UInt8]) {
    if let added = addedByID[id] {
      if skippingSpecial && added.isSpecial { return }
      let content = Array(added.content.utf8)
      content.withUnsafeBufferPointer { ByteAlphabet.bytes(of: $0, appendTo: &bytes) }
    } else {
      _ = tokens.withToken(id) { ByteAlphabet.bytes(of: $0, appendTo: &bytes) }
    }
  }

  /// The identifier of a token as the vocabulary writes it (`"Ġthe"`, `"<|im_end|>"`).
  public func id(of token: String) -> Int? {
    let bytes = Array(token.utf8)
    return addedByContent[bytes] ?? tokens.id(of: bytes)
  }
}
