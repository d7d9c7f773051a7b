import JobModel
import OrderedJSON
import Testing

@Suite("The places of a run's prompt stream")
struct RolloutPlanTests {
  @Test("every place belongs to one step, those of further prompts lie behind all others")
  func places() {
    let plan = RolloutPlan(steps: 5, promptsPerStep: 4, rounds: 3, staleness: 1)
    var owners: [Int: Int] = [:]
    for step in 1...5 {
      for place in plan.places(of: step) { #expect(owners.updateValue(step, forKey: place) == nil) }
      for round in 1...3 {
        let further = plan.furtherPlaces(of: step, round: round)
        #expect(further.count == 4 && further.lowerBound >= 20)
        for place in further { #expect(owners.updateValue(step, forKey: place) == nil) }
      }
    }
    #expect(owners.keys.sorted() == Array(0..<5 * 4 * 4))
    for (place, step) in owners { #expect(plan.step(of: place) == step) }
    #expect(plan.step(of: -1) == nil && plan.step(of: 80) == nil)
    #expect(RolloutPlan(steps: 5, promptsPerStep: 4).step(of: 20) == nil, "nothing lies behind the last step")
  }

  @Test("a version answers for as many steps ahead as its answers may be old")
  func admission() {
    let strict = RolloutPlan(steps: 9, promptsPerStep: 2, rounds: 1)
    #expect(strict.admits(place: 4, version: 2) && strict.admits(place: 5, version: 2))
    #expect(!strict.admits(place: 6, version: 2))
    // Further prompts of step 3 are the first two of the places of round 1 of step 3.
    #expect(strict.admits(place: 18 + 4, version: 2) && !strict.admits(place: 18 + 6, version: 2))
    let ahead = RolloutPlan(steps: 9, promptsPerStep: 2, staleness: 2)
    #expect(ahead.admits(place: 9, version: 2) && !ahead.admits(place: 10, version: 2))
    #expect(ahead.oldestVersion(at: 4) == 2)
  }

  @Test("resampling says what it needs")
  func resampling() throws {
    func spec(_ more: String) throws -> JobSpec {
      try JobSpec(
        JSON(parsing: #"{"kind":"train","model":"/m","data":"/d","output":"/o","resample":2\#(more)}"#))
    }
    let error = #expect(throws: JobSpecError.self) { try spec("") }
    #expect("\(try #require(error))".contains("min_reward_std: 0"))
    guard case .train(let settings) = try spec(#","min_reward_std":0"#).settings else {
      throw JobSpecError(["not a training"])
    }
    #expect(RolloutPlan(settings).rounds == 2)
  }
}
