/// Where the time of a step goes.
struct PhaseClock {
  private(set) var seconds: [String: Double] = [:]

  mutating func measure<Result>(_ phase: String, _ body: () throws -> Result) rethrows -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try body()
    seconds[phase, default: 0] += start.duration(to: clock.now) / .seconds(1)
    return result
  }
}
