/// What a lab may use of one kind of device, in its units (slots of CPUs, devices of GPUs).
public struct Quota: Sendable, Equatable, Codable {
  /// What it can always have back, whoever uses it meanwhile.
  public var nominal: Double
  /// How much above nominal it may use of what others leave idle; nil: anything.
  public var borrow: Double?
  /// How much of its idle nominal others may use; nil: all of it.
  public var lend: Double?
  /// Tasks at once; nil: any number.
  public var maxRunning: Int?
  /// Unit-hours per month; nil: no end.
  public var budgetHours: Double?

  public init(
    nominal: Double = 0, borrow: Double? = nil, lend: Double? = nil, maxRunning: Int? = nil,
    budgetHours: Double? = nil
  ) {
    self.nominal = nominal
    self.borrow = borrow
    self.lend = lend
    self.maxRunning = maxRunning
    self.budgetHours = budgetHours
  }

  /// The most it may hold at once.
  public var limit: Double { self.borrow.map { nominal + $0 } ?? .infinity }

  /// Whether anything in it can hold a task back.
  public var isLimiting: Bool {
    nominal > 0 || borrow != nil || maxRunning != nil || budgetHours != nil
  }

  enum CodingKeys: String, CodingKey {
    case nominal, borrow, lend
    case maxRunning = "max_running"
    case budgetHours = "budget_hours"
  }
}

extension Quota: CustomStringConvertible {
  /// "nominal 16, borrow 8, at most 4 tasks at once": what is not limited is left out.
  public var description: String {
    var parts = ["nominal \(Self.text(nominal))"]
    if let borrow { parts.append("borrow \(Self.text(borrow))") }
    if let lend { parts.append("lend \(Self.text(lend))") }
    if let maxRunning { parts.append("at most \(maxRunning) tasks at once") }
    if let budgetHours { parts.append("\(Self.text(budgetHours)) hours a month") }
    return parts.joined(separator: ", ")
  }

  /// A number with two decimals at most, and none where it is whole; a small one as it is.
  public static func text(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    if rounded == 0, value != 0 { return String(value) }
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
  }
}
