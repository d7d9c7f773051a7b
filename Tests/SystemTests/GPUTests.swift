import FoundationEssentials
import OrderedJSON
import Testing

/// The program on a GPU as people start it, with the device in software in the place of NVIDIA's libraries.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct GPUTests {
  private let model = Repository.root + "/models/demo-base"

  /// Names of NVIDIA's libraries for the device in software, in a folder, and a cache of its own for kernels.
  private static func environment(_ folder: String) -> [String: String] {
    let files = FileManager.default
    let libraries = folder + "/cuda"
    try? files.createDirectory(atPath: libraries, withIntermediateDirectories: true)
    let tests = (try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let built = tests.split(separator: "/").dropLast().joined(separator: "/")
    for name in ["libcuda.so.1", "libnvrtc.so.12", "libcublasLt.so.12", "libnvidia-ml.so.1"] {
      try? files.createSymbolicLink(
        atPath: "\(libraries)/\(name)", withDestinationPath: "/\(built)/libSoftwareDevice.so")
    }
    return [
      "AR1_CUDA_LIBRARIES": libraries, "XDG_CACHE_HOME": folder + "/cache",
      "SOFTWARE_DEVICE_BROKEN": folder + "/broken",
    ]
  }

  @Test("A model answers on a GPU what it answers on the processor")
  func generation() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let request = try scratch.write(
      #"{"messages":[{"role":"user","content":[{"type":"text","text":"Is there any defect?"}]}],"n":2}"#,
      to: "request.json")
    let arguments = ["model", "generate", model, "--request", request, "--max-new-tokens", "16", "--json"]
    let expected = try await program.run(arguments)
    let found = try await program.run(
      arguments + ["--device", "cuda:0"], environment: Self.environment(scratch.path))
    try #require(expected.code == 0 && found.code == 0, "\(expected.error)\(found.error)")
    let (here, there) = try (expected.document(), found.document())
    for (a, b) in zip(here["completions"]?.array ?? [], there["completions"]?.array ?? []) {
      #expect(a["ids"] == b["ids"])
    }
    #expect(there["completions"]?.array?.count == 2)
  }

  @Test("A GPU that cannot be used is named with what is missing")
  func refusals() async throws {
    let scratch = try Scratch()
    let program = Program(path: Program.built, folder: scratch.path)
    let absent = try await program.run(
      ["model", "check", "--device", "cuda:5"], environment: Self.environment(scratch.path))
    #expect(absent.code != 0 && absent.error.contains("there is no device cuda:5"), "\(absent.error)")
    let unknown = try await program.run(["model", "check", "--device", "gpu"])
    #expect(unknown.code != 0 && unknown.error.contains("cuda:0"), "\(unknown.error)")
    let demo = try await program.run(
      ["demo", "--gpu", "--model", model], environment: ["AR1_CUDA_LIBRARIES": "/none"])
    #expect(demo.code != 0 && demo.error.contains("--gpu: "), "\(demo.error)")
    let int8 = try await program.run([
      "model", "generate", model, "--request", "none", "--device", "cuda:0", "--dtype", "int8",
    ])
    #expect(int8.code != 0 && int8.error.contains("int8 is for cpu"), "\(int8.error)")
  }

  @Test("A training that asks for GPUs samples and learns on them")
  func training() async throws {
    let (system, data) = try await TrainingTests.prepared(environment: Self.environment)
    let workers = try await system.program.document(["workers"])["workers"]?.array ?? []
    for worker in workers {
      #expect(worker["inventory"]?["devices"]?.array?.first?["name"]?.string == "software device")
    }
    let job = try await system.submit(
      TrainingTests.settings(
        "trained", data: data + "/train", steps: 2, prompts: 1, ["resources: {gpu: 1}", "max_new_tokens: 8"]
      ).filter { $0 != "max_new_tokens: 40" })
    let detail = try await system.succeed(job)
    #expect(TrainingTests.metric("gradient_norm", detail).filter { $0.isFinite }.count == 2)
    // Both sides compute with the same weights, rounded alike.
    #expect(TrainingTests.metric("sampler/gap", detail).allSatisfy { $0 < 0.05 })
    try await system.stop()
  }

  /// The use of their GPUs, as the workers told it last.
  private func devices(_ system: RunningSystem) async throws -> [JSON] {
    let workers = try await system.program.document(["workers"])["workers"]?.array ?? []
    return workers.flatMap { $0["devices"]?.array ?? [] }
  }

  private func workerLogs(_ system: RunningSystem) throws -> String {
    let folder = system.scratch.path + "/.ar1/logs"
    return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("worker-") }
      .map { Program.text("\(folder)/\($0)") }.joined()
  }

  @Test("A cancelled evaluation leaves its model on the GPU and nothing else, and what is used is shown")
  func cancellation() async throws {
    let (system, data) = try await TrainingTests.prepared(environment: Self.environment)
    let job = try await system.submit([
      "kind: eval", "model: \(model)", "data: \(data)/heldout", "output: evaluated", "resources: {gpu: 1}",
    ])
    var task: JSON?
    try await system.until("a worker computes on its GPU") {
      task = try await devices(system).first {
        $0["tasks"]?.int == 1 && $0["utilization"]?.double == 1
          && ($0["memory_used_bytes"]?.int ?? 0) > 4_000_000
      }
      return task != nil
    }
    #expect(task?["memory_total_bytes"]?.int != nil && task?["withheld"]?.bool == false)
    let top = try await system.program.run(["top", "--once"])
    #expect(top.output.contains("software device") && top.output.contains("100 %"), "\(top.output)")
    let list = try await system.program.run(["workers"])
    #expect(list.output.contains(", 1 task"), "\(list.output)")
    #expect(try await system.program.run(["cancel", "\(job)"]).code == 0)
    try await system.until("the task has ended") {
      try await devices(system).allSatisfy { $0["tasks"]?.int == 0 }
    }
    let workers = try await system.program.document(["workers"])["workers"]?.array ?? []
    #expect(workers.contains { $0["loaded"]?.array?.isEmpty == false }, "\(workers)")
    #expect(try await devices(system).allSatisfy { $0["withheld"]?.bool == false })
    #expect(try !workerLogs(system).contains("is opened anew"))
    try await system.stop()
  }

  @Test("A GPU that fails is offered again when it can be opened anew, and the job is done then")
  func recovery() async throws {
    let (system, data) = try await TrainingTests.prepared(environment: Self.environment)
    let broken = try system.scratch.write("", to: "broken")
    let job = try await system.submit([
      "kind: eval", "model: \(model)", "data: \(data)/heldout", "output: evaluated", "limit: 4",
      "resources: {gpu: 1}",
    ])
    try await system.until("a GPU is withheld") {
      try await devices(system).contains { $0["withheld"]?.bool == true }
    }
    try FileManager.default.removeItem(atPath: broken)
    _ = try await system.succeed(job)
    try await system.until("every GPU is offered") {
      try await devices(system).allSatisfy { $0["withheld"]?.bool == false }
    }
    let log = try workerLogs(system)
    #expect(log.contains("cuda:0 is opened anew before it is offered again"), "\(log)")
    #expect(log.contains("cuda:0 is offered again"), "\(log)")
    try await system.stop()
  }
}
