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

  @Test("a folder whose name only looks the same is another one")
  func accents() {
    let confinement = PathConfinement(lab: "/labs/caf\u{E9}", shared: "/")
    #expect(confinement.allows("/labs/caf\u{E9}", writing: true))
    #expect(confinement.allows("/labs/caf\u{E9}/run", writing: true))
    for path in ["/labs/cafe\u{301}", "/labs/cafe\u{301}/run", "/labs/caf\u{E9}s"] {
      #expect(!confinement.allows(path, writing: true) && confinement.allows(path, writing: false), "\(path)")
    }
  }

  @Test(
    "every path a scoring names is confined to its lab, the scores it keeps for later among what it writes")
  func scoring() throws {
    let spec = try JobSpec(
      [
        "kind": "score", "model": "/m", "images": "/i", "output": "/o", "cache": "/c", "classes": "/k.csv",
        "segmenter": "/s", "reference": ["/r/1.png", "/r/2.png"],
      ])
    let paths = spec.settings.paths
    #expect(Set(paths.filter(\.isWritten).map(\.path)) == ["/o", "/c"])
    #expect(
      Set(paths.filter { !$0.isWritten }.map(\.path)) == [
        "/m", "/i", "/k.csv", "/s", "/r/1.png", "/r/2.png",
      ])
    // A public folder is read from; scores are not kept there for other labs to find.
    let confinement = PathConfinement(lab: "/o", shared: "/c")
    #expect(confinement.problems(in: spec).contains { $0.hasPrefix("cache: /c lies outside") })
  }
}
