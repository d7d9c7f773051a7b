import JobModel
import OrderedJSON
import Testing

@Suite("A reward as a job file has it")
struct RewardFormulaTests {
  @Test(
    "one reward or a weighted sum is read and written back",
    arguments: [
      ("roam", "roam"), ("roam + 0.2 * format", "roam + 0.2 * format"),
      ("0.5*classical+roam", "0.5 * classical + roam"),
      ("2 * iou", "2.0 * iou"),
    ])
  func roundTrip(text: String, written: String) throws {
    let formula = try RewardFormula(parsing: text)
    #expect(formula.description == written)
    #expect(try RewardFormula(parsing: formula.description) == formula)
    let spec = try JobSpec(
      JSON.object([
        .init("kind", "train"), .init("model", "/m"), .init("data", "/d"), .init("output", "/o"),
        .init("reward", .string(text)),
      ]))
    #expect(try JobSpec(JSON(encoding: spec)) == spec)
  }

  @Test(
    "what is no reward is refused with what is allowed",
    arguments: [
      ("raom", "did you mean 'roam'?"), ("roam + ", "allowed is one of roam"),
      ("-1 * roam", "the weight '-1'"),
      ("0 * roam", "the weight '0'"), ("x * roam", "the weight 'x'"), ("roam + roam", "twice"),
      ("roam + iou", "both an option and a box"), ("2 * 3 * roam", "allowed is one of"),
    ])
  func refusals(text: String, reason: String) {
    #expect(throws: RewardFormulaError.self) { try RewardFormula(parsing: text) }
    do {
      _ = try RewardFormula(parsing: text)
    } catch {
      #expect("\(error)".contains(reason), "\(error)")
    }
  }

  @Test("held-out measuring and a fork are groups of settings with their own checks")
  func groups() throws {
    func problems(_ more: String) -> String {
      do {
        let text = #"{"kind":"train","model":"/m","data":"/d","output":"/o","steps":20,\#(more)}"#
        _ = try JobSpec(JSON(parsing: text))
        return ""
      } catch {
        return "\(error)"
      }
    }
    let hash = String(repeating: "a", count: 64)
    #expect(problems(#""validation":{"data":"/h","every":10,"patience":3,"metric":"agreement"}"#) == "")
    #expect(problems(#""validation":{"every":10}"#).contains("validation.data: is missing"))
    #expect(problems(#""validation":{"data":"/h","evry":1}"#).contains("did you mean 'validation.every'?"))
    #expect(problems(#""validation":{"data":"/h","metric":"reward"}"#).contains("accuracy, agreement, iou"))
    #expect(problems(#""fork":{"run":3,"step":10,"checkpoint":"/c","sha256":"\#(hash)"}"#) == "")
    #expect(
      problems(#""fork":{"run":3,"step":20,"checkpoint":"/c","sha256":"\#(hash)"}"#).contains(
        "needs more steps"))
    #expect(problems(#""fork":{"checkpoint":"/c"}"#).contains("let 'ar1 fork' write them"))
    #expect(problems(#""method":"dpo""#).contains("grpo, sft"))
  }
}
