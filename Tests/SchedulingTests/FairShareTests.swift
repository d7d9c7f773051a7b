import JobModel
import Scheduling
import Testing

@Suite("Fair share over simulated days")
struct FairShareTests {
  /// Labs that could each use the whole pool all the time.
  private func saturated(
    _ weights: [Double], quotas: [Quota] = [], from: [Double] = [], need: ResourceRequest = .slot,
    gpus: Int = 0, seconds: Double = 86_400, seed: UInt64 = 1
  ) -> Scenario {
    Scenario(
      seconds: seconds, seed: seed, workers: [.init(count: 4, slots: 6, gpus: gpus)],
      labs: weights.enumerated().map { index, weight in
        Scenario.Lab(
          name: "lab \(index)", weight: weight, quota: quotas.isEmpty ? Quota() : quotas[index],
          streams: [
            .init(
              jobsPerHour: 60, tasks: 10, seconds: 500, spread: 0.5, need: need,
              from: from.isEmpty ? 0 : from[index])
          ])
      })
  }

  @Test("what labs get converges to their shares, whatever the seed", arguments: [1, 2, 3] as [UInt64])
  func convergence(seed: UInt64) {
    var random = Generator(seed: seed)
    let weights = (0..<Int.random(in: 2...5, using: &random)).map { _ in
      Double.random(in: 0.5...4, using: &random)
    }
    let report = Simulation.run(saturated(weights, seed: seed))
    let (all, sum) = (report.labs.reduce(0) { $0 + $1.used }, weights.reduce(0, +))
    for (lab, weight) in zip(report.labs, weights) {
      #expect(abs(lab.used / all - weight / sum) < 0.03, "\(lab) of \(weights)")
    }
    #expect(report.utilisation > 0.97)
  }

  @Test("a lab that comes late catches up, and the other keeps at least its corrected part meanwhile")
  func late() {
    var parts: [Double] = []
    let scenario = saturated([1, 1], from: [0, 43_200])
    _ = Simulation.run(scenario) { snapshot, _ in
      guard snapshot.now > 50_000 else { return }
      let first = snapshot.holdings.filter { $0.lab == 1 }.count
      parts.append(Double(first) / Double(max(1, snapshot.holdings.count)))
    }
    let mean = parts.reduce(0, +) / Double(parts.count)
    #expect(mean > 0.1 && mean < 0.45, "\(mean)")
  }

  @Test("no lab ever holds more than its limit, and a lab that does not lend finds its own free")
  func limits() {
    let quotas = [
      Quota(nominal: 4, borrow: 3), Quota(nominal: 2, maxRunning: 5), Quota(nominal: 8, lend: 2), Quota(),
    ]
    let scenario = saturated([1, 1, 1, 1], quotas: quotas, from: [0, 0, 40_000, 0])
    var most = [Double](repeating: 0, count: 4)
    var mostOfOthers = 0
    let report = Simulation.run(scenario) { snapshot, plan in
      let granted = Dictionary(grouping: plan.grants, by: \.job).mapValues { $0.reduce(0) { $0 + $1.count } }
      for lab in 1...4 {
        let held = snapshot.holdings.filter { $0.lab == Int64(lab) }.count
        let more = snapshot.demands.filter { $0.lab == Int64(lab) }.reduce(0) { $0 + (granted[$1.job] ?? 0) }
        most[lab - 1] = max(most[lab - 1], Double(held + more))
      }
      if snapshot.now < 40_000 {
        mostOfOthers = max(mostOfOthers, snapshot.holdings.count + granted.values.reduce(0, +))
      }
    }
    #expect(most[0] == 7 && most[1] == 5, "\(most)")
    // 24 slots, of which the absent lab lends 2 of its 8.
    #expect(mostOfOthers == 18)
    #expect(report.labs[2].longestWait < 43_200)
  }

  @Test(
    "a lab uses its month's budget and no more, though nobody else wants the pool, and goes on in the next month"
  )
  func budget() {
    func used(days: Double) -> Double {
      let stream = Scenario.Stream(jobsPerHour: 2, tasks: 8, seconds: 1_800)
      return Simulation.run(
        Scenario(
          seconds: days * 86_400, tick: 300, workers: [.init(count: 1, slots: 8)],
          labs: [.init(name: "a", quota: Quota(budgetHours: 100), streams: [stream])])
      ).labs[0].used
    }
    // What runs when the budget is spent ends: at most eight half hours more.
    #expect((100...105).contains(used(days: 10)))
    #expect((200...210).contains(used(days: 40)))
  }

  @Test("a lab gets its nominal quota back from borrowers within minutes, and keeps it")
  func reclaim() {
    // The borrower's tasks last for hours and save their work.
    let scenario = Scenario(
      seconds: 20_000, workers: [.init(count: 4, slots: 6)],
      labs: [
        .init(
          name: "borrower",
          streams: [.init(jobsPerHour: 200, tasks: 4, seconds: 15_000, saves: true, until: 3_600)]),
        .init(
          name: "owner", quota: Quota(nominal: 12),
          streams: [
            .init(jobsPerHour: 100, tasks: 4, seconds: 15_000, saves: true, from: 5_000, until: 6_000)
          ]
        ),
      ])
    var held: [(Double, Int)] = []
    let report = Simulation.run(scenario) { snapshot, _ in
      held.append((snapshot.now, snapshot.holdings.filter { $0.lab == 2 }.count))
    }
    let restored = held.first { $0.1 >= 12 }?.0
    #expect(restored.map { $0 < 6_500 } == true, "\(String(describing: restored))")
    #expect(report.preemptions >= 12 && report.preemptions <= 24, "\(report.preemptions)")
  }

  @Test("preemption comes to rest: labs with endless work do not take from each other in turn")
  func noCycle() {
    let quotas = [Quota(nominal: 6), Quota(nominal: 6), Quota()]
    let scenario = Scenario(
      seconds: 60_000, workers: [.init(count: 4, slots: 6)],
      labs: quotas.enumerated().map { index, quota in
        .init(
          name: "lab \(index)", weight: Double(index + 1), quota: quota,
          streams: [
            .init(
              jobsPerHour: 400, tasks: 2, seconds: 1e6, saves: true, from: Double(index) * 3_000,
              until: Double(index) * 3_000 + 900)
          ])
      })
    var last = 0.0
    var rounds = 0
    let report = Simulation.run(scenario) { snapshot, plan in
      guard !plan.preemptions.isEmpty else { return }
      last = snapshot.now
      rounds += 1
    }
    #expect(report.preemptions > 0 && report.preemptions < 60, "\(report.preemptions)")
    #expect(last < 20_000, "the last was at \(last)")
    #expect(report.utilisation > 0.98)
  }

  @Test("a gang starts as soon as what ran before it has ended, however many small jobs keep coming")
  func gangs() {
    let scenario = Scenario(
      seconds: 30_000, workers: [.init(count: 4, slots: 6)],
      labs: [
        .init(name: "small", weight: 4, streams: [.init(jobsPerHour: 200, tasks: 4, seconds: 600)]),
        .init(
          name: "gang", streams: [.init(jobsPerHour: 1, tasks: 1, seconds: 900, gang: 24, from: 5_000)]),
      ])
    var firstReserved: [JobID: Double] = [:]
    var longest = 0.0
    _ = Simulation.run(scenario) { snapshot, plan in
      for demand in snapshot.demands where demand.reservedAt != nil {
        firstReserved[demand.job] = firstReserved[demand.job] ?? demand.reservedAt
      }
      for grant in plan.grants {
        if let since = firstReserved[grant.job] { longest = max(longest, snapshot.now - since) }
      }
    }
    #expect(!firstReserved.isEmpty && longest > 0)
    // Nothing that was let in after the reservation may outlast what ran then: 600 s, and a pass.
    #expect(longest <= 620, "\(longest)")
  }

  @Test("calling everything urgent does not starve the others, and asking patiently does not starve oneself")
  func noStarvation() {
    let scenario = Scenario(
      seconds: 86_400, workers: [.init(count: 2, slots: 6)],
      labs: [
        .init(name: "loud", streams: [.init(jobsPerHour: 60, tasks: 10, seconds: 300, priority: 100)]),
        .init(name: "calm", streams: [.init(jobsPerHour: 1, tasks: 10, seconds: 300)]),
        .init(name: "patient", streams: [.init(jobsPerHour: 0.5, tasks: 10, seconds: 300, priority: -100)]),
      ])
    let report = Simulation.run(scenario)
    #expect(report.labs[1].finished >= report.labs[1].jobs - 3, "\(report.labs[1])")
    #expect(report.labs[2].finished >= report.labs[2].jobs - 3, "\(report.labs[2])")
    #expect(report.labs[1].slowWait < 2_400, "\(report.labs[1])")
  }

  @Test("the example's day plays in seconds, uses the pool and gives each lab about what it is due")
  func example() {
    let start = ContinuousClock.now
    let report = Simulation.run(.example)
    #expect(ContinuousClock.now - start < .seconds(60))
    #expect(report.jobs > 2_000 && report.utilisation > 0.95)
    for lab in report.labs { #expect(lab.used > 0.85 * lab.due, "\(lab)") }
    #expect(Simulation.run(.example) == report)
  }
}

/// Random numbers from a seed.
struct Generator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }
}
