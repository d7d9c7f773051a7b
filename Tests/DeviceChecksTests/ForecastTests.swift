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
}
