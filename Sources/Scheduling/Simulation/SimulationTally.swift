import JobModel

/// Counts what happens in a simulation.
struct SimulationTally {
  private struct Lab {
    var held = 0.0
    var waiting = 0.0
    var used = 0.0
    var due = 0.0
    var mostHeld = 0.0
    var preempted = 0
  }

  private let scenario: Scenario
  private let capacities: [DeviceKind: Double]
  private let deviceMemory: Int64
  private var labs: [Lab]
  private var finished = 0
  private var finishedOfLab: [Int]
  var passes = 0

  init(_ scenario: Scenario, capacity: (DeviceKind) -> Double) {
    self.scenario = scenario
    let devices = Set(scenario.labs.flatMap { $0.streams.map(\.need.kind) })
    capacities = Dictionary(uniqueKeysWithValues: devices.map { ($0, capacity($0)) })
    deviceMemory = scenario.workers.map(\.gpuMemory).max() ?? 0
    labs = Array(repeating: Lab(), count: scenario.labs.count)
    finishedOfLab = Array(repeating: 0, count: scenario.labs.count)
  }

  func capacity(_ device: DeviceKind) -> Double { capacities[device] ?? 0 }

  /// Units of one task with those beside it.
  func units(_ job: SimulatedJob) -> Double {
    job.stream.need.units(deviceMemory: deviceMemory) * Double(job.stream.gang)
  }

  /// Units a lab holds or waits for.
  func wanted(lab: Int) -> Double { labs[lab].held + labs[lab].waiting }

  mutating func waits(_ job: SimulatedJob, tasks: Int) { labs[job.lab].waiting += units(job) * Double(tasks) }

  mutating func begins(_ job: SimulatedJob) {
    labs[job.lab].waiting -= units(job)
    labs[job.lab].held += units(job)
    labs[job.lab].mostHeld = max(labs[job.lab].mostHeld, labs[job.lab].held)
  }

  mutating func releases(_ job: SimulatedJob) { labs[job.lab].held -= units(job) }

  mutating func ended(_ job: SimulatedJob) {
    guard job.unfinished == 0 else { return }
    finished += 1
    finishedOfLab[job.lab] += 1
  }

  mutating func preempted(_ job: SimulatedJob) { labs[job.lab].preempted += 1 }

  mutating func advance(by seconds: Double, due: [[LabID: Double]]) {
    for index in labs.indices { labs[index].used += labs[index].held * seconds }
    for part in due { for (lab, units) in part { labs[Int(lab) - 1].due += units * seconds } }
  }

  func report(jobs: [SimulatedJob], now: Double) -> SimulationReport {
    let used = labs.reduce(0) { $0 + $1.used }
    let all = capacities.values.reduce(0, +) * now
    return SimulationReport(
      seconds: now, jobs: jobs.count, finished: finished, preemptions: labs.reduce(0) { $0 + $1.preempted },
      utilisation: all > 0 ? used / all : 0, passes: passes,
      labs: scenario.labs.enumerated().map { index, lab in
        let own = jobs.filter { $0.lab == index }
        let waits = own.map { ($0.firstStart ?? now) - $0.arrival }.sorted()
        return SimulationReport.Lab(
          name: lab.name, weight: lab.weight, nominal: lab.quota.nominal, jobs: own.count,
          finished: finishedOfLab[index], used: labs[index].used / 3_600, due: labs[index].due / 3_600,
          mostHeld: labs[index].mostHeld, medianWait: Self.quantile(waits, 0.5),
          slowWait: Self.quantile(waits, 0.95), longestWait: waits.last ?? 0,
          preempted: labs[index].preempted)
      })
  }

  private static func quantile(_ sorted: [Double], _ part: Double) -> Double {
    sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
  }
}
