import FoundationEssentials
import OrderedJSON
import Testing

/// What people get for mistakes: a non-zero exit and a message that names the thing.
@Suite(.timeLimit(.minutes(2)))
struct BadInputTests {
  private let scratch: Scratch
  private let program: Program

  init() throws {
    scratch = try Scratch()
    program = Program(path: Program.built, folder: scratch.path)
  }

  @Test("Without a coordinator a command says how to get one")
  func noCoordinator() async throws {
    let run = try await program.run(["jobs"])
    #expect(run.code != 0)
    #expect(run.error.contains("ar1 up"))
  }

  @Test("A model folder that is not there is named")
  func missingModel() async throws {
    let run = try await program.run(["model", "inspect", scratch.path + "/nowhere", "--json"])
    #expect(run.code != 0)
    #expect(run.error.contains("nowhere"))
    #expect(run.output.isEmpty)
  }

  @Test("What the file system refuses is told in a person's words")
  func refusedFiles() async throws {
    let model = scratch.path + "/model"
    for name in ["config.json", "tokenizer.json"] {
      try FileManager.default.createDirectory(atPath: "\(model)/\(name)", withIntermediateDirectories: true)
    }
    for (arguments, named) in [
      (["model", "inspect", model], "config.json"),
      (["model", "tokenize", model, "--text", "a"], "tokenizer"),
      (["model", "tokenize", Repository.root + "/models/demo-base", "--file", model], model),
      (["base", "make", "--output", "/dev/null/base"], "/dev/null/base"),
    ] {
      let run = try await program.run(arguments)
      #expect(run.code == 1 && run.error.contains(named), "\(run.error)")
      #expect(!run.error.contains("Domain") && !run.error.contains("Code="), "\(run.error)")
    }
  }

  @Test("A truncated weight file is refused with its name")
  func truncatedWeights() async throws {
    let base = Repository.root + "/models/demo-base"
    let copy = scratch.path + "/model"
    try FileManager.default.copyItem(atPath: base, toPath: copy)
    let weights = copy + "/model.safetensors"
    let bytes = try #require(FileManager.default.contents(atPath: weights))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: weights))
    let request = try scratch.write(
      #"{"messages":[{"role":"user","content":[{"type":"text","text":"Hello"}]}]}"#, to: "request.json")
    let run = try await program.run(["model", "generate", copy, "--request", request, "--json"])
    #expect(run.code != 0)
    #expect(run.error.contains("model.safetensors"))
    #expect(run.output.isEmpty)
  }

  @Test("A missing and a corrupt image are named")
  func images() async throws {
    let broken = try scratch.write("no picture", to: "broken.png")
    for path in [scratch.path + "/missing.png", broken] {
      let request = try scratch.write(
        #"{"messages":[{"role":"user","content":[{"type":"image","image":"\#(path)"}]}]}"#, to: "request.json"
      )
      let run = try await program.run([
        "model", "generate", Repository.root + "/models/demo-base", "--request", request, "--json",
      ])
      #expect(run.code != 0)
      #expect(run.error.contains(path))
    }
  }

  @Test("Texts that are not UTF-8 are refused")
  func invalidText() async throws {
    let file = scratch.path + "/texts.txt"
    try Data([0x61, 0xFF, 0x62, 0x0A]).write(to: URL(fileURLWithPath: file))
    let run = try await program.run([
      "model", "tokenize", Repository.root + "/models/demo-base", "--file", file, "--json",
    ])
    #expect(run.code != 0)
    #expect(run.error.contains("UTF-8"))
  }

  @Test("A reward row that cannot be read is named by its line")
  func rewardRows() async throws {
    let rows = try scratch.write(
      #"{"reply":"<think>A.</think><answer>A</answer>","options":{"A":"Yes","B":"No"},"answer":"A"}"#
        + "\n{\"reply\":\n", to: "rows.jsonl")
    let run = try await program.run([
      "reward", "score", "--rows", rows, "--reward", "roam", "--output", scratch.path + "/out.jsonl",
    ])
    #expect(run.code != 0)
    #expect(run.error.contains("2"))
  }

  @Test("What stands where a threshold, scores or labels should be is named, with what would do")
  func scores() async throws {
    let results = try scratch.write(
      #"{"path":"a.png","defect_probability":0.5}"# + "\n", to: "results.jsonl")
    let table = try scratch.write("file,state\na.png,good\n", to: "truth.csv")
    for (arguments, words) in [
      (["score", "threshold", scratch.path, "--threshold", "1.5"], "no probability"),
      (["score", "threshold", scratch.path, "--threshold", table], "neither a probability nor"),
      (["score", "threshold", scratch.path, "--threshold", "0.5"], "run.json"),
      (["calibrate", results], "--labels"), (["calibrate", results, "--labels", table], "defective"),
      (["calibrate", scratch.path + "/gone", "--labels", table], "gone"),
      (["eval", "report", scratch.path, "--output", scratch.path + "/report"], "answers.json"),
      (["data", "convert", "mvtec3d", scratch.path, "--output", scratch.path + "/made"], "MVTec3D-AD"),
    ] {
      let run = try await program.run(arguments)
      #expect(run.code != 0 && run.error.contains(words), "\(arguments.joined(separator: " ")): \(run.error)")
    }
  }
}
