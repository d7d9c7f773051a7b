import JobModel
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

  @Test("nobody gets a GPU alone that a task uses which asked for none")
  func usedByOthers() {
    var free = one()
    free.use(0)
    #expect(!free.fits(Self.whole) && free.fits(Self.shared))
    free.leave(0)
    #expect(free.fits(Self.whole))
  }
}
