import JobModel
import OrderedJSON
import PostTraining
import QwenVL
import TaskExecutors
import Tensors
import Testing

/// What a training takes of a GPU's memory, foretold and counted.
struct ForecastTests {
  private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  private static let model = root + "/models/demo-base"

  @Test func `What stands in a GPU's memory is within five percent of the forecast`() throws {
    let text =
      #"{"kind":"train","model":"\#(Self.model)","data":"/d","output":"/tmp","trained_part":"language","dtype":"bfloat16"}"#
    guard case .train(let settings) = try JobSpec(JSON(parsing: text)).settings else {
      throw JobSpecError(["not a training"])
    }
    let forecast = try TrainingForecast(settings).standingOnGPU
    try SoftwareDevice.with { device in
      let policy = try QwenModel.load(
        folder: Self.model, dtype: .bfloat16, training: .language, device: device)
      let reference = try QwenModel.load(folder: Self.model, dtype: .bfloat16, device: device)
      let optimizer = AdamW(parameters: policy.trainedParameters, settings: AdamWSettings())
      let prompt = try Prompt(
        ids: [1, 2, 3], images: [], imageTokenID: policy.configuration.imageTokenID)
      let values = try policy.packedLogProbabilities(
        batch: [PromptCompletions(prompt: prompt, completions: [[4, 5]])])
      sum(values).backward()
      let ratio = Double(device.allocatedBytes) / Double(forecast.bytes)
      #expect((0.95...1.05).contains(ratio), "\(device.allocatedBytes) of \(forecast.bytes)")
      #expect(try optimizer.step(rate: 1e-3, maximumNorm: 0).isFinite && reference.device === device)
    }
  }

  @Test(arguments: [false, true])
  func `What a learner takes of a GPU at most is within five percent of the forecast`(recomputing: Bool)
    throws
  {
    let text = #"""
      {"kind":"train","model":"\#(Self.model)","data":"/d","output":"/tmp","trained_part":"language","dtype":"bfloat16",
      "beta":0,"prompts_per_step":2,"prompts_per_pass":1,"group_size":2,"recompute_layers":\#(recomputing)}
      """#
    guard case .train(let settings) = try JobSpec(JSON(parsing: text)).settings else {
      throw JobSpecError(["not a training"])
    }
    let (prompt, answers) = (200, [60, 40])
    let training = try TrainingForecast(settings)
    let forecast = training.learnerOnGPU(longest: prompt, answers: answers, patches: 0)
    let standing = training.standingOnGPU.bytes
    try SoftwareDevice.with { device in
      let policy = try QwenModel.load(
        folder: Self.model, dtype: .bfloat16, training: .language, device: device)
      let optimizer = AdamW(parameters: policy.trainedParameters, settings: AdamWSettings())
      func pass() throws {
        let ids = (0..<prompt).map { $0 * 7 % 90 }
        let values = try policy.packedLogProbabilities(
          batch: [
            PromptCompletions(
              prompt: try Prompt(ids: ids, images: [], imageTokenID: policy.configuration.imageTokenID),
              completions: answers.map { (0..<$0).map { $0 * 11 % 90 } })
          ], recomputingLayers: recomputing)
        sum(values).backward()
      }
      for _ in 0..<2 { try pass() }
      // What passes through, apart from what stands, which is more in so small a network.
      let passing = Double(device.peakBytes - standing) / Double(forecast.bytes - standing)
      #expect(
        (0.9...1.1).contains(passing), "\(device.peakBytes) of \(forecast.bytes), \(standing) standing")
      let ratio = Double(device.peakBytes) / Double(forecast.bytes)
      #expect((0.95...1.05).contains(ratio), "\(device.peakBytes) of \(forecast.bytes)")
      #expect(try optimizer.step(rate: 1e-3, maximumNorm: 0).isFinite)
    }
  }
}
