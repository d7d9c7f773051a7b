import ArgumentParser
import JobModel

/// A length of time as an option takes it: 90, 90s, 15m, 12h, 90d.
struct TimeSpan: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    guard let seconds = TimeLength.parse(argument) else { return nil }
    self.seconds = seconds
  }
}
