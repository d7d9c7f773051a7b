import Scheduling
import Testing

@Suite("Bands of priority")
struct BandTests {
  @Test("of the parts of bands each job is in one, that of its band")
  func parts() {
    let policy = SchedulingPolicy()
    let aging = policy.agingSeconds
    for priority in -100...100 {
      for waited in [-5, 0, 1, aging - 1, aging, 1.5 * aging, 2 * aging, 3 * aging, 1e9] {
        let parts = policy.bandParts.filter {
          $0.priorities.contains(priority) && $0.waited.contains(max(0, waited))
        }
        #expect(parts.map(\.band) == [policy.band(priority: priority, waited: waited)])
      }
    }
  }

  @Test("a job that has waited long goes up a band, and none above the highest")
  func aging() {
    let policy = SchedulingPolicy()
    #expect(
      [-100, -34, -33, 0, 33, 34, 100].map { policy.band(priority: $0, waited: 0) } == [0, 0, 1, 1, 1, 2, 2])
    #expect(
      [0, 1, 2, 9].map { policy.band(priority: -50, waited: $0 * policy.agingSeconds) } == [0, 1, 2, 2])
    #expect(policy.band(priority: 50, waited: .infinity) == 2)
  }
}
