import FoundationEssentials
import OrderedJSON
import Testing

/// The commands that run a model without a queue.
@Suite(.timeLimit(.minutes(2)))
struct ModelCommandTests {
  private let scratch: Scratch
  private let program: Program
  private let model = Repository.root + "/models/demo-base"

  init() throws {
    scratch = try Scratch()
    program = Program(path: Program.built, folder: scratch.path)
  }

  private func request(_ more: String = "") throws -> String {
    try scratch.write(
      #"{"messages":[{"role":"user","content":[{"type":"text","text":"Is there any defect?"}]}]\#(more)}"#,
      to: "request.json")
  }

  @Test("Streamed text is the text that is printed at the end")
  func streaming() async throws {
    let arguments = ["model", "generate", model, "--request", try request(), "--max-new-tokens", "24"]
    let whole = try await program.run(arguments)
    let streamed = try await program.run(arguments + ["--stream"])
    #expect(whole.code == 0 && streamed.code == 0, "\(whole.error)\(streamed.error)")
    #expect(!whole.output.isEmpty && streamed.output == whole.output)
  }

  @Test("Draws from part of the distribution tell with which probability they were made")
  func drawnProbabilities() async throws {
    let document = try await program.document([
      "model", "generate", model, "--request", try request(#","n":3"#), "--max-new-tokens", "6",
      "--temperature", "0.8", "--top-k", "1",
    ])
    let completions = try #require(document["completions"]?.array)
    #expect(completions.count == 3)
    for completion in completions {
      let ids = try #require(completion["ids"]?.array)
      #expect(ids == completions[0]["ids"]?.array)
      // One token is left at each step: it is certain.
      #expect(completion["drawn_logprobs"]?.array?.map(\.double) == ids.map { _ in 0 })
      #expect(completion["logprobs"]?.array?.count == ids.count)
    }
  }

  @Test("At a temperature next to none, draws are the likeliest tokens, and certain")
  func coldest() async throws {
    func completions(_ options: [String]) async throws -> [JSON] {
      try await program.document(
        ["model", "generate", model, "--request", try request(), "--max-new-tokens", "6"] + options
      )["completions"]?.array ?? []
    }
    let greedy = try await completions([])
    let cold = try await completions(["--temperature", "1e-40"])
    #expect(cold.count == 1 && cold[0]["ids"] == greedy[0]["ids"])
    #expect(cold[0]["drawn_logprobs"]?.array?.allSatisfy { $0.double == 0 } == true)
  }

  @Test("A request of identifiers needs no tokenizer")
  func identifiers() async throws {
    let bare = scratch.path + "/bare"
    try FileManager.default.copyItem(atPath: model, toPath: bare)
    for name in try FileManager.default.contentsOfDirectory(atPath: bare)
    where ["tokenizer", "vocab", "merges"].contains(where: name.hasPrefix) {
      try FileManager.default.removeItem(atPath: "\(bare)/\(name)")
    }
    let request = try scratch.write(
      #"{"input_ids":[3,4,5],"images":[],"completions":[{"ids":[6,7],"advantage":1}]}"#, to: "request.json")
    for command in ["gradient", "forward"] {
      let run = try await program.run(
        ["model", command, bare, "--request", request, "--output", scratch.path + "/\(command).safetensors"])
      #expect(run.code == 0, "\(run.error)")
    }
  }

  @Test("Options that contradict each other or cannot be are refused")
  func refusals() async throws {
    for (options, named) in [
      (["--stream", "--json"], "--stream"), (["--top-p", "1.5"], "top-p"), (["--top-k", "0"], "top-k"),
      (["--repetition-penalty", "0"], "repetition penalty"), (["--adapter", scratch.path + "/none"], "none"),
    ] {
      let run = try await program.run(["model", "generate", model, "--request", try request()] + options)
      #expect(run.code != 0)
      #expect(run.error.contains(named), "\(run.error)")
    }
    for (options, more, named) in [
      (["--max-new-tokens", "9223372036854775807"], "", "--max-new-tokens"),
      (["--max-new-tokens", "1"], #","n":9223372036854775807"#, "\"n\""),
      (["--max-new-tokens", "1048576"], #","n":65536"#, "keys and values"),
    ] {
      let run = try await program.run(
        ["model", "generate", model, "--request", try request(more)] + options)
      #expect(run.code == 1 || run.code == 64, "\(run.code) \(run.error)")
      #expect(run.error.contains(named), "\(run.error)")
    }
    let several = try await program.run([
      "model", "generate", model, "--request", try request(#","n":2"#), "--stream",
    ])
    #expect(several.code != 0 && several.error.contains("--stream"))
  }
}
