/// What is left of a worker's inventory beside what its tasks use.
///
/// Tasks with devices of their own take whole ones; tasks that ask for memory only share devices as long as they
/// fit. Those that ask for none share the worker's own device, where it has one: nobody else gets that alone meanwhile, and
/// they wait while somebody has it. Slots are counted elsewhere.
public struct FreeResources: Sendable, Hashable, Codable {
  public private(set) var devices: [Device]
  public private(set) var cores: Int
  public private(set) var memory: Int64
  /// The device on which tasks compute that ask for none; nil: they compute on the processor.
  public let ownDevice: Int?
  public let labels: [String: String]

  enum CodingKeys: String, CodingKey {
    case devices, cores, memory
    case ownDevice = "own_device"
    case labels
  }

  public struct Device: Sendable, Hashable, Codable {
    public let index: Int
    public let total: Int64
    public fileprivate(set) var free: Int64
    public fileprivate(set) var sharers: Int
    /// Held by one task alone.
    public fileprivate(set) var isTaken: Bool
    /// Cannot be used for now, whoever holds it; nil is no.
    public fileprivate(set) var isWithheld: Bool?

    /// Can be shared.
    fileprivate var isOpen: Bool { !isTaken && isWithheld != true }
    /// No task uses it, and one can.
    public var isWhole: Bool { isOpen && sharers == 0 }
  }

  init(_ inventory: Inventory) {
    devices = inventory.devices.map {
      Device(index: $0.index, total: $0.memoryBytes, free: $0.memoryBytes, sharers: 0, isTaken: false)
    }
    cores = inventory.cores
    memory = inventory.memoryBytes
    ownDevice = inventory.ownDevice
    labels = inventory.labels
  }

  public func fits(_ need: ResourceRequest) -> Bool {
    if need.isSlot { return givesSlots }
    guard need.cores <= cores, need.memory <= memory,
      need.labels.allSatisfy({ labels[$0.key] == $0.value })
    else { return false }
    guard need.kind == .cuda else { return givesSlots }
    return choice(for: need) != nil
  }

  /// Whether a task can begin that asks for no device.
  public var givesSlots: Bool {
    ownDevice.flatMap { own in devices.first { $0.index == own } }?.isOpen ?? true
  }

  /// Takes what a task needs.
  /// - Returns: the indices of the devices it shall use, empty for one that computes on the processor; nil, and nothing
  ///   taken, when it does not fit.
  public mutating func take(_ need: ResourceRequest) -> [Int]? {
    guard fits(need) else { return nil }
    cores -= need.cores
    memory -= need.memory
    guard need.kind == .cuda, let chosen = choice(for: need) else {
      guard let ownDevice else { return [] }
      for position in devices.indices where devices[position].index == ownDevice {
        devices[position].sharers += 1
      }
      return [ownDevice]
    }
    for position in chosen {
      if need.gpus > 0 {
        devices[position].isTaken = true
      } else {
        devices[position].sharers += 1
        devices[position].free -= need.gpuMemory
      }
    }
    return chosen.map { devices[$0].index }
  }

  /// Gives back what a task took on the devices it was given.
  public mutating func give(_ need: ResourceRequest, devices indices: [Int]) {
    cores += need.cores
    memory += need.memory
    for position in devices.indices where indices.contains(devices[position].index) {
      if need.gpus > 0 {
        devices[position].isTaken = false
      } else {
        devices[position].sharers -= 1
        devices[position].free += need.gpuMemory
      }
    }
  }

  /// Keeps a device that cannot be used from being taken, until it is offered again. Tasks that share it go on.
  public mutating func withhold(_ index: Int) {
    for position in devices.indices where devices[position].index == index {
      devices[position].isWithheld = true
    }
  }

  /// A device that was withheld can be taken again, by others than a task that holds it still.
  public mutating func offer(_ index: Int) {
    for position in devices.indices where devices[position].index == index {
      devices[position].isWithheld = nil
    }
  }

  /// Positions of the devices to take: the smallest that do, so that large ones stay for those who need them; a
  /// shared device that is in use already goes before an unused one, and the worker's own is the last that one task gets
  /// alone.
  private func choice(for need: ResourceRequest) -> [Int]? {
    if need.gpus == 0 {
      let fitting = devices.indices.filter { devices[$0].isOpen && devices[$0].free >= need.gpuMemory }
      return fitting.min { a, b in
        if devices[a].isWhole != devices[b].isWhole { return !devices[a].isWhole }
        return devices[a].free < devices[b].free
      }.map { [$0] }
    }
    let whole = devices.indices.filter { devices[$0].isWhole && devices[$0].total >= need.gpuMemory }
      .sorted { a, b in
        let (isOwnA, isOwnB) = (devices[a].index == ownDevice, devices[b].index == ownDevice)
        return isOwnA == isOwnB ? devices[a].total < devices[b].total : isOwnB
      }
    return whole.count >= need.gpus ? Array(whole.prefix(need.gpus)) : nil
  }

  /// Memory of the devices nobody uses, the largest first.
  public var wholeDevices: [Int64] { devices.filter(\.isWhole).map(\.total).sorted(by: >) }

  /// The most memory left on one device that can be shared; -1 when there is none.
  public var largestShare: Int64 { devices.filter(\.isOpen).map(\.free).max() ?? -1 }
}
