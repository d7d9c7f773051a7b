import ModelFiles
import OrderedJSON

/// Collects vocabulary and merges from either file form and checks that they belong together.
struct TokenizerBuilder {
  /// Named in errors: the file that holds the vocabulary and the one that holds the merges.
  let vocabularyFile: String
  let mergesFile: String
  private var tokens: TokenTable
  private var merges: MergeTable
  private var rank = 0
  /// What the last merge made.
  private var merged = -1

  init(vocabulary: JSON?, file: String, mergesFile: String, mergeCount: Int) throws(ModelFileError) {
    self.vocabularyFile = file
    self.mergesFile = mergesFile
    guard let members = vocabulary?.members else {
      throw ModelFileError(file: file, problem: "holds no vocabulary (an object of tokens and identifiers)")
    }
    tokens = TokenTable(capacity: members.count)
    merges = MergeTable(capacity: mergeCount)
    for member in members {
      guard let id = member.value.int, id >= 0, id < 1 << 24 else {
        throw ModelFileError(
          file: file, problem: "token \(quoted(member.key)) has no valid identifier: \(member.value.kind)")
      }
      var key = member.key
      if !key.withUTF8({ tokens.insert($0, id: id) }) {
        throw ModelFileError(
          file: file, problem: "token \(quoted(member.key)) is empty or its identifier \(id) is taken")
      }
    }
  }

  /// Adds the next merge, of lower preference than all before it.
  mutating func merge(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>)
    throws(ModelFileError)
  {
    // A vocabulary is made by its merges, so that mostly the next token is the next merge's.
    let expected = tokens.isToken(merged + 1, left, right) ? merged + 1 : nil
    guard let first = tokens.id(of: left), let second = tokens.id(of: right),
      let merged = expected ?? withJoined(left, right, tokens.id(of:))
    else {
      let pair = "\(String(decoding: left, as: UTF8.self)) \(String(decoding: right, as: UTF8.self))"
      throw ModelFileError(
        file: mergesFile,
        problem: "merge \(rank + 1), \(quoted(pair)), names or makes a token that is not in the vocabulary")
    }
    merges.insert(Int32(first), Int32(second), rank: rank, merged: merged)
    self.merged = merged
    rank += 1
  }

  private func withJoined<Result>(
    _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>,
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: left.count + right.count) { buffer in
      for (index, byte) in left.enumerated() { buffer[index] = byte }
      for (index, byte) in right.enumerated() { buffer[left.count + index] = byte }
      return body(UnsafeBufferPointer(buffer))
    }
  }

  /// The table of tokens and the merging over it, once every byte is known to have a token.
  func finished() throws(ModelFileError) -> (tokens: TokenTable, merging: BytePairMerging) {
    var byteTokens: [Int32] = []
    for byte in UInt8.min...UInt8.max {
      let token = ByteAlphabet.token(of: byte)
      guard let id = tokens.id(of: token) else {
        throw ModelFileError(
          file: vocabularyFile,
          problem: "has no token \(quoted(String(decoding: token, as: UTF8.self))) for byte \(byte)")
      }
      byteTokens.append(Int32(id))
    }
    return (tokens, BytePairMerging(byteTokens: byteTokens, merges: merges))
  }
}

private func quoted(_ text: String) -> String { JSON.string(text).serialized() }
