import JobModel
import Scheduling
import Testing

@Suite("One pass of admission")
struct AdmissionTests {
  private func node(
    _ session: SessionID = 1, slots: Int = 4, gpus: [Int64] = [], kinds: [TaskKind] = TaskKind.allCases,
    labels: [String: String] = [:]
  ) -> Node {
    Node(
      session: session, kinds: Set(kinds), slots: slots,
      inventory: Inventory(
        cores: 8, memoryBytes: 64_000_000_000,
        devices: gpus.enumerated().map { .init(index: $0, name: "gpu", memoryBytes: $1) }, labels: labels))
  }

  private func granted(_ plan: Plan) -> [JobID: Int] {
    Dictionary(grouping: plan.grants, by: \.job).mapValues { $0.reduce(0) { $0 + $1.count } }
  }

  @Test("idle capacity is split by weight, and what one cannot use goes to the others")
  func waterFilling() {
    let labs = [1.0, 2, 3].enumerated().map {
      LabShare(lab: Int64($0 + 1), device: .cpu, weight: $1)
    }
    func demands(_ waiting: [Int]) -> [Demand] {
      waiting.enumerated().map {
        Demand(job: Int64($0 + 1), lab: Int64($0 + 1), user: Int64($0 + 1), waiting: $1)
      }
    }
    let all = Admission.plan(
      Snapshot(now: 0, nodes: [node(slots: 12)], labs: labs, demands: demands([99, 99, 99])))
    #expect(granted(all) == [1: 2, 2: 4, 3: 6])
    let some = Admission.plan(
      Snapshot(now: 0, nodes: [node(slots: 12)], labs: labs, demands: demands([99, 99, 1])))
    #expect(granted(some)[3] == 1 && granted(some).values.reduce(0, +) == 12)
    #expect(granted(some)[2] == 7)
    #expect(
      Entitlement.of(labs.map { Entitlement.Claim($0, demand: $0.lab == 3 ? 1 : 99) }, capacity: 13)
        == [1: 4, 2: 8, 3: 1])
  }

  @Test("what one user of a lab gets counts against the lab's other users, in the same pass")
  func usersOfALab() {
    let demands = [(user: 1, lab: 1), (2, 1), (3, 2)].map { user, lab in
      Demand(job: Int64(user), lab: Int64(lab), user: Int64(user), waiting: 99)
    }
    let plan = Admission.plan(Snapshot(now: 0, nodes: [node(slots: 12)], labs: [], demands: demands))
    #expect(granted(plan) == [1: 3, 2: 3, 3: 6])
  }

  @Test("tasks share a GPU as long as they fit, and a task with its own never shares it")
  func devices() {
    let shared = Demand(
      job: 1, lab: 1, user: 1, need: ResourceRequest(gpuMemory: 30_000_000_000), waiting: 9)
    let whole = Demand(job: 2, lab: 1, user: 2, need: ResourceRequest(gpus: 1), waiting: 9)
    let nodes = [node(slots: 16, gpus: [80_000_000_000, 80_000_000_000])]
    #expect(granted(Admission.plan(Snapshot(now: 0, nodes: nodes, labs: [], demands: [shared]))) == [1: 4])
    #expect(granted(Admission.plan(Snapshot(now: 0, nodes: nodes, labs: [], demands: [whole]))) == [2: 2])
    let both = granted(Admission.plan(Snapshot(now: 0, nodes: nodes, labs: [], demands: [shared, whole])))
    #expect(both[2] == 1 && both[1] == 2)
  }

  @Test("a task that asks for no GPU gets no place where it would compute on one that another has alone")
  func ownDevice() {
    var worker = node(slots: 16, gpus: [80_000_000_000])
    worker.inventory.ownDevice = 0
    func demand(_ job: JobID, _ need: ResourceRequest) -> Demand {
      Demand(job: job, lab: 1, user: 1, need: need, waiting: 2, since: Double(job))
    }
    let whole = ResourceRequest(gpus: 1)
    func plan(_ demands: [Demand]) -> [JobID: Int] {
      granted(Admission.plan(Snapshot(now: 100, nodes: [worker], labs: [], demands: demands)))
    }
    #expect(plan([demand(1, whole), demand(2, .slot)]) == [1: 1])
    #expect(plan([demand(1, .slot), demand(2, whole)]) == [1: 2])
    worker.inventory.ownDevice = nil
    #expect(plan([demand(1, whole), demand(2, .slot)]) == [1: 1, 2: 2])
  }

  @Test("a GPU that is withheld gets nothing, and a gang that needs it waits rather than being refused")
  func withheld() {
    var worker = node(slots: 16, gpus: [80_000_000_000, 80_000_000_000])
    worker.withheld = [1]
    let whole = Demand(job: 1, lab: 1, user: 1, need: ResourceRequest(gpus: 1), waiting: 9)
    let plan = Admission.plan(Snapshot(now: 0, nodes: [worker], labs: [], demands: [whole]))
    #expect(granted(plan) == [1: 1])
    let gang = Demand(job: 2, lab: 1, user: 1, need: ResourceRequest(gpus: 1), waiting: 1, companions: 1)
    let waits = Admission.plan(Snapshot(now: 0, nodes: [worker], labs: [], demands: [gang])).waits
    #expect(waits[2]?.reason == .capacity(gang.need))
    worker.withheld = []
    let offered = Admission.plan(Snapshot(now: 0, nodes: [worker], labs: [], demands: [gang]))
    #expect(granted(offered) == [2: 1])
  }

  @Test("a demand that no worker can ever meet says why and keeps nothing for itself")
  func nowhere() {
    let large = Demand(
      job: 1, lab: 1, user: 1, need: ResourceRequest(gpus: 1, gpuMemory: 141_000_000_000), since: 0)
    let small = Demand(job: 2, lab: 1, user: 1, since: 5)
    let plan = Admission.plan(
      Snapshot(now: 10, nodes: [node(gpus: [80_000_000_000])], labs: [], demands: [large, small]))
    #expect(granted(plan) == [2: 1])
    #expect(plan.waits[1]?.reason.description.contains("its GPUs have 80GB at most") == true)
    #expect(plan.reservations.isEmpty)
    let unlabelled = Demand(job: 3, lab: 1, user: 1, need: ResourceRequest(labels: ["site": "north"]))
    let elsewhere = Admission.plan(
      Snapshot(now: 0, nodes: [node(labels: ["site": "south"])], labs: [], demands: [unlabelled]))
    #expect(elsewhere.waits[3]?.reason.description.contains("its label site is south") == true)
    let none = Admission.plan(Snapshot(now: 0, nodes: [], labs: [], demands: [small]))
    #expect(none.waits[2]?.reason.description == "no worker is connected")
  }

  @Test("two trainings do not take each other's place for rollouts")
  func trainings() {
    let learner = { (job: JobID) in
      Demand(job: job, lab: 1, user: 1, kind: .learn, companions: 1, since: Double(job))
    }
    let plan = Admission.plan(
      Snapshot(now: 10, nodes: [node(slots: 3)], labs: [], demands: [learner(1), learner(2)]))
    #expect(granted(plan) == [1: 1] && plan.reservations == [2])
    // The learner runs; its place for rollouts is kept, and they need no turn.
    let running = Holding(task: 7, job: 1, lab: 1, user: 1, kind: .learn, node: 1, since: 0, companions: 1)
    let rollout = Demand(job: 1, lab: 1, user: 1, kind: .rolloutGroup, waiting: 5, since: 9)
    let chunk = Demand(job: 3, lab: 2, user: 2, priority: 100, waiting: 5, since: 1)
    let next = Admission.plan(
      Snapshot(now: 10, nodes: [node(slots: 2)], labs: [], holdings: [running], demands: [chunk, rollout]))
    #expect(granted(next) == [1: 1])
  }

  @Test("reasons name the rule: budget, tasks at once, quota, what is not lent")
  func reasons() {
    func reason(_ quota: Quota, spent: Double = 0, others: [LabShare] = []) -> String? {
      let plan = Admission.plan(
        Snapshot(
          now: 0, nodes: [node(slots: 2)],
          labs: [LabShare(lab: 1, device: .cpu, quota: quota, spent: spent)] + others,
          holdings: [Holding(task: 1, job: 9, lab: 1, user: 1, node: 1)],
          demands: [Demand(job: 1, lab: 1, user: 1)]))
      return plan.waits[1]?.reason.description
    }
    #expect(reason(Quota()) == nil)
    #expect(
      reason(Quota(budgetHours: 2), spent: 7_200) == "the lab has used 2 of this month's 2 cpu hours")
    #expect(
      reason(Quota(maxRunning: 1)) == "the lab runs 1 cpu tasks, its quota allows 1 at once")
    #expect(
      reason(Quota(nominal: 1, borrow: 0)) == "the lab holds 1 of the 1 CPU slots its quota allows")
    #expect(
      reason(Quota(), others: [LabShare(lab: 2, device: .cpu, quota: Quota(nominal: 1, lend: 0))])
        == "the free CPU slots belong to labs that do not lend them")
  }

  @Test("what runs counts against the budget while it runs, for as many units as it holds")
  func budgets() {
    func plan(since: Double) -> Plan {
      Admission.plan(
        Snapshot(
          now: 7_200, nodes: [node(slots: 4)],
          labs: [LabShare(lab: 1, device: .cpu, quota: Quota(budgetHours: 4), spent: 3_600)],
          holdings: (1...2).map { Holding(task: $0, job: 9, lab: 1, user: 1, node: 1, since: since) },
          demands: [Demand(job: 1, lab: 1, user: 1)]))
    }
    // An hour is booked, and two slots have been held for an hour and a half, or for less.
    #expect(granted(plan(since: 3_600)) == [1: 1])
    #expect(
      plan(since: 1_800).waits[1]?.reason.description == "the lab has used 4 of this month's 4 cpu hours")
  }

  @Test("random snapshots: the same plan each time, never more than there is, never more than allowed")
  func properties() {
    for seed in 1...60 {
      var random = Generator(seed: UInt64(seed))
      let nodes = (1...Int.random(in: 1...5, using: &random)).map {
        node(
          SessionID($0), slots: Int.random(in: 1...6, using: &random),
          gpus: Bool.random(using: &random) ? [40_000_000_000, 80_000_000_000] : [])
      }
      let labs: [LabShare] = (1...3).flatMap { lab in
        DeviceKind.allCases.map { device in
          LabShare(
            lab: Int64(lab), device: device, weight: Double.random(in: 0.5...3, using: &random),
            quota: Quota(
              nominal: Double(Int.random(in: 0...3, using: &random)),
              borrow: Bool.random(using: &random) ? Double(Int.random(in: 0...4, using: &random)) : nil,
              lend: Bool.random(using: &random) ? 1 : nil))
        }
      }
      let needs: [ResourceRequest] = [
        .slot, .init(gpus: 1), .init(gpuMemory: 20_000_000_000), .init(cores: 3), .init(gpus: 2),
      ]
      let demands = (1...20).map { job in
        Demand(
          job: Int64(job), lab: Int64.random(in: 1...3, using: &random), user: Int64(job % 5),
          priority: Int.random(in: -100...100, using: &random), need: needs.randomElement(using: &random)!,
          waiting: Int.random(in: 1...6, using: &random),
          companions: Int.random(in: 0...5, using: &random) == 0 ? 2 : 0, companionKind: .shard,
          since: Double(job), expectedSeconds: Bool.random(using: &random) ? 100 : nil)
      }
      let snapshot = Snapshot(now: 100, nodes: nodes, labs: labs, demands: demands)
      let plan = Admission.plan(snapshot)
      #expect(Admission.plan(snapshot) == plan)
      let grants = granted(plan)
      var slots = 0
      for demand in demands {
        let count = grants[demand.job] ?? 0
        #expect(count <= demand.waiting)
        if count < demand.waiting { #expect(plan.waits[demand.job] != nil) }
        slots += count * (1 + demand.companions)
      }
      #expect(slots <= nodes.reduce(0) { $0 + $1.slots })
      for share in labs {
        let held = demands.filter { $0.lab == share.lab && $0.need.kind == share.device }.reduce(0.0) {
          $0 + Double(grants[$1.job] ?? 0) * $1.need.units(deviceMemory: 80_000_000_000)
            * Double(1 + $1.companions)
        }
        #expect(held <= share.quota.limit + 1e-6, "seed \(seed)")
      }
    }
  }
}
