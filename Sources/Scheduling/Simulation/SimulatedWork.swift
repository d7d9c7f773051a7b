import JobModel
import Randomness

/// A job of a simulation.
struct SimulatedJob {
  let id: JobID
  let lab: Int
  let user: UserID
  /// The line in which it waits.
  let line: Int
  let stream: Scenario.Stream
  let arrival: Double
  /// Tasks not begun yet.
  var fresh: Int
  /// What is left of tasks that gave way, in seconds.
  var returned: [Double] = []
  var unfinished: Int
  var firstStart: Double?
  var reservedAt: Double?
  var preemptions = 0
  var held = 0

  var waiting: Int { fresh + returned.count }

  /// The length of the next task to begin.
  mutating func begin(seed: UInt64) -> Double {
    if let left = returned.popLast() { return left }
    fresh -= 1
    var random = SplitMix64(seed: seed ^ (UInt64(bitPattern: id) &* 0x2545_F491_4F6C_DD1D) ^ UInt64(fresh))
    let factor = stream.spread > 0 ? Double.random(in: -stream.spread...stream.spread, using: &random) : 0
    return max(1, stream.seconds * (1 + factor))
  }
}

/// A task that runs in a simulation, with those beside it.
struct SimulatedTask {
  let job: Int
  let started: Double
  let length: Double
  let spots: [Pool.Spot]
  let sessions: [SessionID]
  var isYielding = false
}
