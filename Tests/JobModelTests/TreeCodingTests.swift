import JobModel
import OrderedJSON
import Testing

@Suite("Trees and typed values")
struct TreeCodingTests {
  private struct Shape: Codable, Equatable {
    var name: String
    var sizes: [Int]
    var nested: [String: Double]
    var nothing: Int?
    var raw: JSON
  }

  @Test("a typed value survives the tree")
  func roundTrip() throws {
    let shape = Shape(
      name: "ü", sizes: [1, -2], nested: ["a": 0.1], nothing: nil, raw: ["z": 1, "a": [nil, true, "x"]])
    let tree = try JSON(encoding: shape)
    #expect(try tree.decode(Shape.self) == shape)
    #expect(tree["raw"]?.members?.map(\.key) == ["z", "a"])
  }

  @Test("a rollout group survives the tree bit by bit, seeds beyond 63 bits included")
  func groups() throws {
    let group = RolloutGroup(
      run: 1, ordinal: 2, behaviourVersion: 3,
      prompt: PromptReference(sample: "s", question: 0, images: [.init(path: "/i.png", sha256: "ab")]),
      completions: [
        RolloutCompletion(
          tokens: [1, 2], logProbabilities: [-0.1, -1e-8], reward: 0.1, parts: ["roam": 0.1], finish: .stop,
          seed: .max)
      ])
    let text = try JSON(encoding: group).serialized()
    #expect(try JSON(parsing: text).decode(RolloutGroup.self) == group)
  }

  @Test("a number that JSON cannot hold is refused, and where it stands is said")
  func notFinite() {
    #expect {
      try JSON(encoding: ["runs": [["loss": [0.5, Double.nan]]]])
    } throws: { error in
      guard case EncodingError.invalidValue(_, let context) = error else { return false }
      return context.codingPath.map(\.stringValue) == ["runs", "0", "loss", "1"]
    }
  }

  @Test("a missing member is named")
  func missing() throws {
    let tree: JSON = ["task": 1]
    #expect {
      try tree.decode(Lease.self)
    } throws: { error in
      if case DecodingError.keyNotFound(let key, _) = error { key.stringValue == "epoch" } else { false }
    }
  }
}
