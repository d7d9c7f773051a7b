import JobModel
import OrderedJSON
import Testing

@Suite("What is left of a worker's GPUs")
struct FreeResourcesTests {
  private static let whole = ResourceRequest(gpus: 1)
  private static let shared = ResourceRequest(gpuMemory: 1 << 30)

  private func one() -> FreeResources {
    Inventory(
      cores: 4, memoryBytes: 1 << 34, devices: [.init(index: 0, name: "GPU", memoryBytes: 1 << 33)]
    ).free
  }

  @Test("a GPU that is offered again stays with the task that holds it alone")
  func heldThroughWithholding() {
    var free = one()
    let devices = free.take(Self.whole)
    #expect(devices == [0])
    free.withhold(0)
    free.offer(0)
    #expect(!free.fits(Self.whole) && !free.fits(Self.shared) && free.wholeDevices == [])
    free.give(Self.whole, devices: [0])
    #expect(free.fits(Self.whole) && free.fits(Self.shared))
  }

  @Test("a GPU that is withheld stays so when a task gives it back")
  func withheldThroughGiving() {
    var free = one()
    let devices = free.take(Self.whole)
    #expect(devices == [0])
    free.withhold(0)
    free.give(Self.whole, devices: [0])
    #expect(!free.fits(Self.whole) && !free.fits(Self.shared) && free.largestShare == -1)
    free.offer(0)
    #expect(free.fits(Self.whole))
  }

  /// Two GPUs, of which one is the worker's own.
  private func withOwn(_ own: Int = 0) -> FreeResources {
    Inventory(
      cores: 4, memoryBytes: 1 << 34,
      devices: (0..<2).map { .init(index: $0, name: "GPU", memoryBytes: 1 << 33) }, ownDevice: own
    ).free
  }

  @Test("nobody gets a GPU alone that a task uses which asked for none")
  func usedByOthers() {
    var free = withOwn()
    let taken = [free.take(.slot), free.take(Self.whole)]
    #expect(taken == [[0], [1]])
    #expect(!free.fits(Self.whole) && free.fits(Self.shared))
    free.give(.slot, devices: [0])
    let last = free.take(Self.whole)
    #expect(last == [0])
  }

  @Test("a task that asks for no GPU waits while the one that it would compute on is another's alone")
  func waitsForOwn() {
    var free = withOwn()
    let first = free.take(Self.whole)
    #expect(first == [1], "the worker's own is the last that a task gets alone")
    #expect(free.fits(.slot) && free.givesSlots)
    let cores = ResourceRequest(cores: 1)
    let more = [free.take(Self.whole), free.take(.slot), free.take(cores)]
    #expect(more == [[0], nil, nil])
    #expect(!free.fits(.slot) && !free.fits(cores) && !free.givesSlots)
    free.give(Self.whole, devices: [0])
    let beside = [free.take(cores), free.take(.slot), free.take(Self.shared)]
    #expect(beside == [[0], [0], [0]])
    free.withhold(0)
    #expect(!free.fits(.slot))
  }

  @Test("tasks of a worker without a GPU of its own compute on the processor, whoever has its GPUs")
  func onTheProcessor() {
    var free = one()
    let taken = [free.take(Self.whole), free.take(.slot)]
    #expect(taken == [[0], []])
  }

  @Test("which GPU is the worker's own is told to the coordinator")
  func told() throws {
    let own = try JSON(encoding: withOwn(1)).decode(FreeResources.self)
    #expect(own == withOwn(1) && own.ownDevice == 1)
    let inventory = try JSON.object([.init("cores", 2), .init("own_device", 3)]).decode(Inventory.self)
    #expect(inventory.ownDevice == 3 && inventory.free.givesSlots)
  }
}
