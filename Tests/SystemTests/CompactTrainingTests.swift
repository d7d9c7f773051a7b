import FoundationEssentials
import OrderedJSON
import Testing

/// Trainings whose policy is kept in bfloat16.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct CompactTrainingTests {
  @Test(
    "A policy in bfloat16 is trained, published, sampled from and exported as such, and survives a killed learner"
  )
  func bfloat16() async throws {
    let (system, data) = try await TrainingTests.prepared(environment: {
      ["AR1_LEARNER_DIES_AT": $0 + "/deaths"]
    })
    func settings(_ output: String, _ more: [String] = []) -> [String] {
      TrainingTests.settings(
        output, data: data + "/train", steps: 6,
        ["dtype: bfloat16", "save_every: 4", "validation: {data: \(data)/heldout, every: 6, limit: 4}"] + more
      )
    }
    let quiet = try await system.succeed(try await system.submit(settings("quiet")))
    let result = try #require(TrainingTests.result(quiet))
    let gaps = TrainingTests.metric("sampler/gap", quiet)
    #expect(
      gaps.count == 6 && gaps.allSatisfy { $0 < 0.02 }, "learner and sampler hold the same weights: \(gaps)")
    #expect((TrainingTests.metric("kl", quiet).last ?? 0) > 0, "the policy has moved")

    let deaths = system.scratch.path + "/deaths"
    try FileManager.default.createDirectory(atPath: deaths, withIntermediateDirectories: true)
    // Before the first full state, and after it.
    for point in ["learnt-3", "recorded-5"] {
      _ = FileManager.default.createFile(atPath: "\(deaths)/\(point)", contents: nil)
    }
    let killed = try await system.submit(settings("killed"))
    let again = TrainingTests.result(try await system.succeed(killed))
    #expect(try FileManager.default.contentsOfDirectory(atPath: deaths) == [])
    #expect(again?["model_sha256"]?.string == result["model_sha256"]?.string)

    let model = system.scratch.path + "/quiet/model"
    #expect(try await system.program.document(["model", "inspect", model])["dtype"]?.string == "bfloat16")
    let kept = try await system.program.document(["checkpoint", "ls", system.scratch.path + "/quiet"])
    let newest = try #require(kept.array?.last)
    let manifest = try await system.program.document([
      "checkpoint", "show", try #require(newest["folder"]?.string),
    ])
    let tensors = manifest["tensors"]?.array ?? []
    let matrices = tensors.filter { $0["type"]?.string == "bfloat16" }.compactMap { $0["name"]?.string }
    #expect(!matrices.isEmpty)
    // A learner goes on from the copies in float32.
    #expect(matrices.allSatisfy { name in tensors.contains { $0["name"]?.string == "master/" + name } })
    let exported = system.scratch.path + "/exported"
    let export = try await system.program.run([
      "checkpoint", "export", try #require(newest["folder"]?.string), "--output", exported,
    ])
    #expect(export.code == 0, "\(export.error)")
    #expect(
      FileManager.default.contents(atPath: model + "/model.safetensors")
        == FileManager.default.contents(atPath: exported + "/model.safetensors"))

    let fork = try await system.program.document([
      "fork", "\(killed)", "--from", "4", "--output", "fork", "--set", "dtype=float32",
    ])
    let number = try #require(fork["id"]?.int)
    _ = try await system.program.run(["wait", "\(number)"])
    let failure = try await system.detail(number)["job"]?["failure"]?["message"]?.string ?? "no failure"
    #expect(failure.contains("set dtype to what the training had"), "\(failure)")
    try await system.stop()
  }

  @Test("An adapter is trained beside a model in bfloat16")
  func adapter() async throws {
    let (system, data) = try await TrainingTests.prepared()
    let job = try await system.submit(
      TrainingTests.settings(
        "adapted", data: data + "/train", steps: 3,
        ["dtype: bfloat16", "lora: {rank: 4, alpha: 8}", "trained_part: lora"]
      ).filter { $0 != "trained_part: language" })
    let detail = try await system.succeed(job)
    #expect(TrainingTests.metric("sampler/gap", detail).allSatisfy { $0 < 0.02 })
    let model = system.scratch.path + "/adapted/model"
    #expect(try await system.program.document(["model", "inspect", model])["dtype"]?.string == "bfloat16")
    try await system.stop()
  }
}
