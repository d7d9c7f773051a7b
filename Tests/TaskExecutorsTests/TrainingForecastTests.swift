import JobModel
import OrderedJSON
import TaskExecutors
import Testing

@Suite("The forecast of a training")
struct TrainingForecastTests {
  private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  private func forecast(_ more: String = "") throws -> TrainingForecast {
    let text =
      #"{"kind":"train","model":"\#(Self.root)/models/demo-base","data":"/d","output":"/tmp","prompts_per_step":6\#(more)}"#
    guard case .train(let settings) = try JobSpec(JSON(parsing: text)).settings else {
      throw JobSpecError(["not a training"])
    }
    return try TrainingForecast(settings)
  }

  @Test("weights, reference, gradients and moments are counted from the files' headers")
  func standing() throws {
    let all = try forecast()
    #expect(all.size.parameters == all.trained && all.size.vision > 0)
    // Weights, reference, gradients, two moments and the version last published.
    #expect(all.standing.bytes == 4 * 6 * all.trained)
    let language = try forecast(#","trained_part":"language","beta":0"#)
    #expect(language.trained == language.size.parameters - language.size.vision)
    #expect(language.standing.bytes == 4 * (language.size.parameters + 4 * language.trained))
    let adapted = try forecast(#","trained_part":"lora","lora":{"rank":4,"targets":["q_proj","down_proj"]}"#)
    #expect(adapted.trained > 0 && adapted.trained < language.trained / 10)
    #expect(adapted.standing.bytes == 4 * (adapted.size.parameters + 5 * adapted.trained))
    let imitating = try forecast(#","method":"sft""#)
    #expect(imitating.standing.bytes == 4 * 5 * imitating.trained)
  }

  @Test("in bfloat16 weights, reference and versions take half, and masters come in addition")
  func compact() throws {
    let all = try forecast(#","dtype":"bfloat16""#)
    // Weights, reference and the version last published by two bytes; gradients, moments and masters by four.
    #expect(all.standing.bytes == (3 * 2 + 4 * 4) * all.trained)
    let adapted = try forecast(#","dtype":"bfloat16","trained_part":"lora""#)
    #expect(adapted.standing.bytes == 2 * adapted.size.parameters + 4 * 5 * adapted.trained)
  }

  @Test("passes divide the step and bound what passes through the network")
  func passes() throws {
    let whole = try forecast()
    let split = try forecast(#","prompts_per_pass":4"#)
    #expect(whole.passes == 1 && split.passes == 2 && split.promptsPerPass == 4)
    #expect(try forecast(#","prompts_per_pass":100"#).promptsPerPass == 6)
    #expect(try forecast(#","method":"sft""#).answersPerPrompt == 1)
  }
}
