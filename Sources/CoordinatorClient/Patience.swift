/// How long a call is tried again while the coordinator is away or without its database. Calls that may
/// be repeated without harm are also repeated after a broken connection; others only when it is certain that
/// the coordinator has seen nothing.
public struct Patience: Sendable {
  /// Seconds from the first try; nil without end.
  public var seconds: Double?

  public init(seconds: Double?) { self.seconds = seconds }

  /// Whether it ends before the other one.
  public func isShorter(than other: Patience) -> Bool {
    guard let seconds else { return false }
    return other.seconds.map { seconds < $0 } ?? true
  }

  /// One try.
  public static let once = Patience(seconds: 0)
  /// A person waits: long enough for a restart of the coordinator.
  public static let brief = Patience(seconds: 15)
  /// A worker waits until it is told to stop.
  public static let endless = Patience(seconds: nil)

  /// Seconds before try `number` + 1 (from 1): doubling from 0.1 to 5, of which a random half is kept, so
  /// that a fleet does not come back in step.
  static func delay(after number: Int, random: Double) -> Double {
    let full = min(5, 0.1 * Double(1 << min(number, 10)))
    return full * (0.5 + random / 2)
  }
}
