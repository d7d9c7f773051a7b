import JobModel

/// The workers with what is free on them. Placing here is a forecast: workers claim for themselves, but they can
/// only claim what was placed.
struct Pool {
  private struct Place {
    let node: Node
    var slots: Int
    var free: FreeResources
  }

  private var places: [Place]
  private let positions: [SessionID: Int]
  /// Slots that will be free within a pass, for tasks that need no more than one.
  private var turnover: Int
  /// Free slots of the workers that take a kind of task.
  private var room: [TaskKind: Int] = [:]
  /// Bytes of the largest device.
  let deviceMemory: Int64

  init(_ nodes: [Node], turnover: Int = 0) {
    places = nodes.map { Place(node: $0, slots: $0.slots, free: $0.free) }
    positions = Dictionary(
      nodes.enumerated().map { ($1.session, $0) }, uniquingKeysWith: { first, _ in first })
    self.turnover = turnover
    deviceMemory = nodes.flatMap { $0.inventory.devices.map(\.memoryBytes) }.max() ?? 0
    for node in nodes {
      for kind in node.kinds { room[kind, default: 0] += node.slots }
    }
  }

  /// Where a task went, for taking it away again.
  struct Spot {
    fileprivate let place: Int?
    fileprivate let devices: [Int]
    fileprivate let need: ResourceRequest
  }

  /// Units of a kind of device that the pool has in all.
  func capacity(_ device: DeviceKind) -> Double {
    switch device {
    case .cpu: Double(places.reduce(0) { $0 + $1.node.slots })
    case .cuda: Double(places.reduce(0) { $0 + $1.node.inventory.devices.count })
    }
  }

  /// Why a task like this could run on no worker there is; nil when one could take it.
  func refusal(of need: ResourceRequest, kind: TaskKind) -> String? {
    if places.isEmpty { return "no worker is connected" }
    let willing = places.filter { $0.node.kinds.contains(kind) }
    if willing.isEmpty { return "no connected worker takes \(kind.rawValue) tasks" }
    guard willing.contains(where: { $0.node.inventory.refusal(of: need) == nil }) else {
      let reason = willing.first?.node.inventory.refusal(of: need) ?? ""
      return willing.count == 1
        ? "no connected worker can run it: \(reason)" : "no connected worker can run it; of one, \(reason)"
    }
    return nil
  }

  /// Takes a place for one task.
  /// - Returns: nil when it fits nowhere now.
  mutating func place(_ need: ResourceRequest, kind: TaskKind, usingTurnover: Bool = true) -> Spot? {
    guard hasRoom(for: kind) else { return nil }
    for index in places.indices {
      guard places[index].slots > 0, places[index].node.kinds.contains(kind),
        let devices = places[index].free.take(need)
      else { continue }
      changeSlots(of: index, by: -1)
      return Spot(place: index, devices: devices, need: need)
    }
    if usingTurnover, turnover > 0, need.isSlot, places.contains(where: { $0.node.kinds.contains(kind) }) {
      turnover -= 1
      return Spot(place: nil, devices: [], need: need)
    }
    return nil
  }

  /// Takes the place of a task that runs on a worker. It does not fail: what runs, runs.
  mutating func occupy(_ session: SessionID, _ need: ResourceRequest) -> Spot? {
    guard let index = positions[session] else { return nil }
    changeSlots(of: index, by: -1)
    guard let devices = places[index].free.take(need) else {
      return Spot(place: index, devices: [], need: .slot)
    }
    return Spot(place: index, devices: devices, need: need)
  }

  /// Takes places for a task and those that have to run beside it: for all of them or for none.
  mutating func place(_ demand: Demand) -> [Spot]? {
    guard demand.companions > 0 else { return place(demand.need, kind: demand.kind).map { [$0] } }
    var spots: [Spot] = []
    for member in 0...demand.companions {
      let kind = member == 0 ? demand.kind : demand.companionKind
      guard let spot = place(demand.need, kind: kind, usingTurnover: false) else {
        for spot in spots { free(spot) }
        return nil
      }
      spots.append(spot)
    }
    return spots
  }

  /// Whether the demand's next task fits; takes nothing.
  func fits(_ demand: Demand) -> Bool {
    var copy = self
    return copy.place(demand) != nil
  }

  /// Why the demand's task could run on no set of workers there is, however idle; nil when it could.
  func refusal(of demand: Demand) -> String? {
    if let reason = refusal(of: demand.need, kind: demand.kind) { return reason }
    guard demand.companions > 0 else { return nil }
    if let reason = refusal(of: demand.need, kind: demand.companionKind) { return reason }
    let idle = places.map { place in
      var node = place.node
      node.withheld = []
      return node
    }
    guard !Pool(idle).fits(demand) else { return nil }
    return "it takes \(demand.companions + 1) places at once (\(demand.need) each), more than the pool has"
  }

  /// The worker a spot is on; nil for one that is only expected.
  func session(_ spot: Spot) -> SessionID? { spot.place.map { places[$0].node.session } }

  mutating func free(_ spot: Spot) {
    guard let index = spot.place else {
      turnover += 1
      return
    }
    changeSlots(of: index, by: 1)
    places[index].free.give(spot.need, devices: spot.devices)
  }

  /// Whether any slot at all is free for a kind of task.
  func hasRoom(for kind: TaskKind) -> Bool { turnover > 0 || room[kind, default: 0] > 0 }

  private mutating func changeSlots(of index: Int, by change: Int) {
    let before = max(0, places[index].slots)
    places[index].slots += change
    let difference = max(0, places[index].slots) - before
    for kind in places[index].node.kinds { room[kind, default: 0] += difference }
  }
}
