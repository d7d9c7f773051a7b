public import OrderedJSON

/// The items of its job's input that a shard is for, as they stand in its payload: from `from` up to, without, `to`.
public struct ItemRange: Sendable, Equatable {
  public let payload: JSON
  public let items: Range<Int>

  /// nil for a payload without a range.
  public init?(_ payload: JSON) {
    guard let from = payload["from"]?.int, let to = payload["to"]?.int, from >= 0, from < to else {
      return nil
    }
    self.payload = payload
    items = from..<to
  }

  /// Payloads of the two halves; nil for a single item.
  public var halves: (first: JSON, second: JSON)? {
    guard items.count > 1 else { return nil }
    let middle = items.lowerBound + items.count / 2
    return (with(items.lowerBound..<middle), with(middle..<items.upperBound))
  }

  private func with(_ items: Range<Int>) -> JSON {
    .object(
      (payload.members ?? []).map { member in
        switch member.key {
        case "from": JSON.Member("from", .integer(items.lowerBound))
        case "to": JSON.Member("to", .integer(items.upperBound))
        default: member
        }
      })
  }
}

/// An item that breaks whatever works on it, taken out so that the rest completes.
public struct QuarantinedItem: Codable, Sendable, Equatable {
  /// Its position in the job's input.
  public var item: Int
  public var reason: String

  public init(item: Int, reason: String) {
    self.item = item
    self.reason = reason
  }

  /// The items a finished task's result names.
  public static func all(in result: JSON?) -> [QuarantinedItem] {
    (result?["quarantined"]?.array ?? []).compactMap { entry in
      guard let item = entry["item"]?.int, let reason = entry["reason"]?.string else { return nil }
      return QuarantinedItem(item: item, reason: reason)
    }
  }

  /// The member of a task's result that names items.
  public static func member(_ items: [QuarantinedItem]) -> JSON.Member {
    .init(
      "quarantined",
      .array(items.map { .object([.init("item", .integer($0.item)), .init("reason", .string($0.reason))]) }))
  }

  /// The result of a task that did nothing but take items out.
  public static func result(_ items: [QuarantinedItem]) -> JSON { .object([member(items)]) }
}
