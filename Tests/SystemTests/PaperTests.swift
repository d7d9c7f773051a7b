import FoundationEssentials
import Testing

/// The page that leads from the paper to the code.
@Suite(.timeLimit(.minutes(2)))
struct PaperTests {
  private static let page = Program.text(Repository.root + "/docs/paper.md")

  @Test("Every file and folder that the page names is there")
  func places() {
    let names = Self.page.split(separator: "`").filter { name in
      ["Sources/", "Tests/", "cli/", "docs/"].contains { name.hasPrefix($0) }
    }
    #expect(names.count > 20)
    for name in names {
      #expect(FileManager.default.fileExists(atPath: "\(Repository.root)/\(name)"), "\(name)")
    }
  }

  @Test("The jobs that repeat the paper's tables are accepted as they stand on the page")
  func jobs() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    for arguments in [
      ["data", "generate", "--output", "data/mmad", "--seed", "5", "--training", "64"],
      ["data", "few-shot", "data/mmad/train", "--output", "data/few", "--images", "24"],
    ] {
      let made = try await program.run(arguments)
      try #require(made.code == 0, "\(made.error)")
    }
    for (link, target) in [
      ("models/Qwen2.5-VL-3B-Instruct", Repository.root + "/models/demo-base"),
      ("data/mvtec3d-mmad", scratch.path + "/data/mmad/heldout"),
    ] {
      let place = scratch.path + "/" + link
      try FileManager.default.createDirectory(
        atPath: String(place[..<place.lastIndex(of: "/")!]), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
    }
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/data/refcoco", withIntermediateDirectories: true)
    _ = try scratch.write(
      #"{"image":"part.png","problem":"Where is it?","solution":[1,2,30,40]}"#,
      to: "data/refcoco/refcoco_train.jsonl")
    let pictures = try FileManager.default.subpathsOfDirectory(atPath: scratch.path + "/data/mmad/train")
    let picture = try #require(pictures.first { $0.hasSuffix(".png") })
    try FileManager.default.copyItem(
      atPath: scratch.path + "/data/mmad/train/" + picture, toPath: scratch.path + "/data/refcoco/part.png")

    let blocks = Self.page.split(separator: "```yaml\n").dropFirst().compactMap {
      $0.split(separator: "```").first
    }
    #expect(blocks.count == 2)
    for block in blocks {
      let file = try scratch.write(String(block), to: "paper.yaml")
      let run = try await program.run(["submit", file, "--dry-run", "--memory", "64"])
      #expect(run.code == 0, "\(run.error)\(run.output)")
    }
  }
}
