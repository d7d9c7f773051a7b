import JobModel
import OrderedJSON
import Testing

@Suite("Specifications that are stored")
struct StoredSpecTests {
  /// Everything in them was allowed once, for all anybody knows.
  private static let ofOtherRules = [
    #"""
    {"kind":"eval","name":"","priority":500,"max_attempts":99,
     "resources":{"device":"cpu","gpu":900,"cores":99999,"labels":{"a b":"x"}},"labels":{"no name":"y"},"after":[-1],
     "cron":"0 0 31 2 *","deadline":0.25,"stall_after":1,"at_once":0,"unique":"","model":"m","dtype":"float32",
     "data":"s3://d","output":"/o","protocol":"paper","references":7,"reference_source":"random",
     "domain_knowledge":true,"option_order":"published","question_types":[],"shard_size":0,"seed":-5}
    """#,
    #"""
    {"kind":"train","name":"t","priority":0,"max_attempts":3,"model":"/o/model","data":"/d","output":"/o",
     "reward":"5000.0 * roam + roam + iou","steps":0,"warmup_steps":9,"prompts_per_step":0,"epsilon_low":1,"resample":3,
     "staleness":-1,"lora":{"rank":0,"alpha":0,"targets":["q_proj"]},"adam":{"beta1":2,"beta2":2,"epsilon":0},
     "fork":{"run":0,"step":0,"checkpoint":"/c","sha256":"beef"},"validation":{"data":"/v","every":0}}
    """#,
    #"""
    {"kind":"score","name":"s","priority":0,"max_attempts":3,"model":"/m","images":"/i","output":"/o",
     "reference":["/1","/2","/3","/4","/5","/6","/7","/8","/9"],"threshold":-3,
     "tiling":{"size":1,"overlap":9223372036854775807},"shard_size":-9223372036854775}
    """#,
    #"{"kind":"rollout","model":"/m","data":"/d","output":"/o","group_size":0,"temperature":-1,"count":0}"#,
  ]

  @Test("a specification is read whatever today's rules have against it, and they tell when they are asked")
  func read() throws {
    for text in Self.ofOtherRules {
      let tree = try JSON(parsing: text)
      let spec = try tree.decode(JobSpec.self)
      // Written again it says the same.
      #expect(try JSON(parsing: JSON(encoding: spec).serialized()).decode(JobSpec.self) == spec)
      let error = #expect(throws: JobSpecError.self) { try spec.checked() }
      #expect((error?.problems.count ?? 0) > 2, "\(String(describing: error))")
      let refusal = try #require(spec.refusal)
      #expect(refusal.split(separator: "\n").count == 1)
      #expect(throws: JobSpecError.self) {
        try JSON.object([.init("spec", tree)]).decode(SubmitRequest.self)
      }
    }
  }

  @Test("values that are not allowed any more are kept as they are")
  func kept() throws {
    let specs = try Self.ofOtherRules.map { try JSON(parsing: $0).decode(JobSpec.self) }
    #expect(specs[0].priority == 500 && specs[0].after == [-1] && specs[0].cron == "0 0 31 2 *")
    #expect(specs[0].settings.model == "m" && specs[0].labels == ["no name": "y"])
    guard case .train(let train) = specs[1].settings, case .score(let score) = specs[2].settings else {
      Issue.record("\(specs)")
      return
    }
    #expect(train.reward.terms.map(\.weight) == [5000, 1, 1] && train.steps == 0 && train.epsilonLow == 1)
    #expect(score.references.count == 9 && score.tiling?.overlap == .max && score.shardSize < -1_000_000)
  }

  @Test(
    "its shape is looked at all the same",
    arguments: [
      (#""priority":"high""#, "priority: found 'high'"), (#""shard_sise":1"#, "unknown key 'shard_sise'"),
      (#""protocol":"none""#, "protocol: found 'none'"), (#""limit":1.5"#, "limit: found 1.5"),
      (#""labels":[]"#, "labels: found a list of 0"), (#""domain_knowledge":1"#, "domain_knowledge: found 1"),
      (#""data":null"#, "data: is missing"), (#""at":"soon""#, "at: found 'soon'"),
      (#""resources":{"gpus":1}"#, "unknown key 'resources.gpus'"),
    ])
  func shape(member: String, expected: String) throws {
    let tree = try JSON(parsing: #"{"kind":"eval","model":"/m","data":"/d","output":"/o",\#(member)}"#)
    let error = #expect(throws: JobSpecError.self) { try tree.decode(JobSpec.self) }
    let problems = try #require(error).problems
    #expect(problems.count == 1 && problems[0].hasPrefix(expected), "\(problems)")
  }

  @Test("a run of no prompts has no place that belongs to a step")
  func planOfNothing() throws {
    let tree = try JSON(parsing: Self.ofOtherRules[1])
    guard case .train(let settings) = try tree.decode(JobSpec.self).settings else { return }
    #expect(RolloutPlan(settings).step(of: 3) == nil)
  }
}
