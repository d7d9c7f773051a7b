/// A reply taken apart into its `<think>` and `<answer>` contents.
public struct ReasonedReply: Sendable, Equatable {
  /// The reasoning, trimmed: between the last `</think>` in front of the answer and the `<think>` before it; `nil`
  /// without the pair. A policy that answers first and then reasons towards its answer has not reasoned.
  public let think: String?
  /// The answer, trimmed: between the last `</answer>` and the `<answer>` before it; `nil` without the pair.
  public let answer: String?
  /// Whether `<think>…</think>`, white space, `<answer>…</answer>` occurs somewhere in the reply.
  public let isFormatted: Bool

  public init(_ reply: String) {
    (think, answer, isFormatted) = ReplyBytes.with(reply) { bytes in
      let answer = ReasonedReply.lastContent(
        ReplyBytes.openAnswer, ReplyBytes.closeAnswer, in: bytes, endingBy: bytes.count)
      let think = ReasonedReply.lastContent(
        ReplyBytes.openThink, ReplyBytes.closeThink, in: bytes,
        endingBy: answer.map { $0.lowerBound - ReplyBytes.openAnswer.count } ?? bytes.count)
      return (
        think.map { ReplyBytes.trimmed(bytes, $0) }, answer.map { ReplyBytes.trimmed(bytes, $0) },
        ReasonedReply.joint(in: bytes, from: 0) != nil
      )
    }
  }

  /// Between the last closing tag that ends by a place and the opening tag before it.
  private static func lastContent(
    _ open: [UInt8], _ close: [UInt8], in bytes: ReplyBytes.Bytes, endingBy limit: Int
  ) -> Range<Int>? {
    guard let end = ReplyBytes.last(close, in: bytes, endingBy: limit),
      let start = ReplyBytes.last(open, in: bytes, endingBy: end)
    else { return nil }
    return (start + open.count)..<end
  }

  /// End of the `<answer>` in the first `<think>…</think>` white space `<answer>` that a `</answer>` follows.
  ///
  /// The lazy expression `<think>(.*?)</think>\s*<answer>(.*?)</answer>` matches somewhere exactly then: its
  /// first group may run over further tags, so only the first `<think>` matters.
  private static func joint(in bytes: ReplyBytes.Bytes, from start: Int) -> Int? {
    guard let open = ReplyBytes.first(ReplyBytes.openThink, in: bytes, from: start) else { return nil }
    var search = open + ReplyBytes.openThink.count
    while let close = ReplyBytes.first(ReplyBytes.closeThink, in: bytes, from: search) {
      var next = close + ReplyBytes.closeThink.count
      search = next
      while next < bytes.count {
        let length = ReplyBytes.whiteSpace(in: bytes, at: next)
        if length == 0 { break }
        next += length
      }
      if ReplyBytes.matches(ReplyBytes.openAnswer, in: bytes, at: next) {
        let content = next + ReplyBytes.openAnswer.count
        return ReplyBytes.first(ReplyBytes.closeAnswer, in: bytes, from: content) == nil ? nil : content
      }
    }
    return nil
  }

  /// ``isFormatted`` alone.
  static func isFormatted(_ reply: String) -> Bool {
    ReplyBytes.with(reply) { joint(in: $0, from: 0) != nil }
  }

  /// Whether the reply from its first to its last byte is `<think>…</think>`, white space,
  /// `<answer>…</answer>`.
  static func isWhollyFormatted(_ reply: String) -> Bool {
    ReplyBytes.with(reply) { bytes in
      let end = bytes.count - ReplyBytes.closeAnswer.count
      guard ReplyBytes.matches(ReplyBytes.openThink, in: bytes, at: 0),
        ReplyBytes.matches(ReplyBytes.closeAnswer, in: bytes, at: end),
        let content = joint(in: bytes, from: 0)
      else { return false }
      return content <= end
    }
  }

  /// The contents the released code takes: tags paired from the left without overlap, the last pair of each.
  static func pairedTags(of reply: String) -> (think: String?, answer: String?) {
    ReplyBytes.with(reply) { bytes in
      (
        lastPair(ReplyBytes.openThink, ReplyBytes.closeThink, in: bytes),
        lastPair(ReplyBytes.openAnswer, ReplyBytes.closeAnswer, in: bytes)
      )
    }
  }

  private static func lastPair(_ open: [UInt8], _ close: [UInt8], in bytes: ReplyBytes.Bytes) -> String? {
    var range: Range<Int>?
    var position = 0
    while let start = ReplyBytes.first(open, in: bytes, from: position),
      let end = ReplyBytes.first(close, in: bytes, from: start + open.count)
    {
      range = (start + open.count)..<end
      position = end + close.count
    }
    return range.map { ReplyBytes.trimmed(bytes, $0) }
  }
}
