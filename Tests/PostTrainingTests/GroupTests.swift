import PostTraining
import Testing

@Suite struct GroupTests {
  @Test("advantages equal the reference's for the paper's settings, the population's deviation and none")
  func advantages() throws {
    let expected = try Fixture.expected()
    let rewards = [1, 0.1, 0, 0.8, 1, 0.05, 0.1, 0]
    for (name, settings) in [
      ("paper", AdvantageNormalisation()),
      ("population", AdvantageNormalisation(epsilon: 1e-2, ddof: 0)),
      ("centred", AdvantageNormalisation(normalise: false)),
    ] {
      let group = GroupAdvantages(rewards: rewards, settings: settings)
      #expect(!group.hasNoVariance)
      let found = group.values.map { Float($0) }
      #expect(Fixture.distance(found, try expected.floats(of: "advantages.\(name)")) < 1e-6, "\(name)")
    }
  }

  @Test("equal rewards have exactly no advantage, however their mean rounds")
  func equalRewards() {
    for rewards in [[Double](repeating: 0.1, count: 3), [0.7], []] {
      let group = GroupAdvantages(rewards: rewards, settings: AdvantageNormalisation())
      #expect(group.values == rewards.map { _ in 0 })
      #expect(group.hasNoVariance)
    }
  }

  @Test("the prompt stream is a permutation in every pass and a function of seed and ordinal alone")
  func promptStream() {
    let stream = PromptStream(count: 13, seed: 7)
    let passes = (0..<4).map { stream.indices(of: $0 * 13..<($0 + 1) * 13) }
    for pass in passes { #expect(pass.sorted() == Array(0..<13)) }
    #expect(Set(passes).count == 4)
    #expect(stream.indices(of: 20..<33) == (20..<33).flatMap { stream.indices(of: $0..<$0 + 1) })
    // Stored runs are resumed by later builds: another order would repeat some prompts and leave others out.
    #expect(PromptStream(count: 5, seed: 0).indices(of: 0..<10) == [2, 3, 0, 1, 4, 2, 4, 3, 1, 0])
    #expect(PromptStream(count: 5, seed: 1).indices(of: 0..<10) == [0, 2, 4, 1, 3, 3, 2, 4, 1, 0])
  }

  @Test("neighbouring seeds meet the prompts in orders that have nothing to do with each other")
  func neighbouringSeeds() {
    let orders = (1...2).map { PromptStream(count: 1000, seed: UInt64($0)).indices(of: 0..<1000) }
    var places = [Int](repeating: 0, count: 1000)
    for (place, prompt) in orders[0].enumerated() { places[prompt] = place }
    // Of independent orders about 7 in 1,000 prompts lie that near.
    #expect(orders[1].enumerated().count { abs(places[$0.element] - $0.offset) <= 3 } < 25)
  }

  @Test("every stretch of a stream holds about as many prompts of each stratum as the whole")
  func strata() {
    let answers = (0..<60).map { $0 % 3 == 0 ? "yes" : "no" }
    let stream = PromptStream(strata: answers, seed: 4)
    let passes = (0..<2).map { stream.indices(of: $0 * 60..<($0 + 1) * 60) }
    #expect(passes[0] != passes[1] && passes.allSatisfy { $0.sorted() == Array(0..<60) })
    for start in 0..<48 {
      let yes = passes[0][start..<start + 12].count { answers[$0] == "yes" }
      #expect((3...5).contains(yes), "\(yes) of 12 from \(start) on")
    }
    let even = PromptStream(strata: (0..<16).map { $0 < 8 }, seed: 9).indices(of: 0..<16)
    for step in 0..<2 { #expect(even[step * 8..<step * 8 + 8].count { $0 < 8 } == 4) }
  }
}
