import JobModel
import OrderedJSON
import Testing

@Suite("The paths of a job")
struct JobPathTests {
  @Test("every path a training names is among those that are confined to its lab")
  func training() throws {
    let hash = String(repeating: "a", count: 64)
    let spec = try JobSpec(
      [
        "kind": "train", "model": "/m", "data": "/rows/train.jsonl", "output": "/o",
        "validation": ["data": "/rows/test.json", "images": "/pictures"],
        "fork": ["run": 1, "step": 3, "checkpoint": "/old/state", "sha256": .string(hash)],
      ])
    let read = Set(spec.settings.paths.filter { !$0.isWritten }.map(\.path))
    #expect(read == ["/m", "/rows/train.jsonl", "/rows", "/rows/test.json", "/pictures", "/old/state"])
    let confinement = PathConfinement(lab: "/rows", shared: nil)
    #expect(
      confinement.problems(in: spec).map { $0.prefix { $0 != ":" } }
        == ["model", "validation.images", "fork.checkpoint", "output"])
  }
}
