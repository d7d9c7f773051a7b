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
