import FoundationEssentials
import JobModel
import OrderedJSON
import Testing

@Suite("A job's specification")
struct JobSpecTests {
  private func problems(_ text: String, folder: String? = "/lab") -> [String] {
    do {
      _ = try JobSpec(JSON(parsing: text), relativeTo: folder)
      return []
    } catch let error as JobSpecError {
      return error.problems
    } catch {
      return ["\(error)"]
    }
  }

  @Test("the defaults of a training are the paper's run")
  func paperDefaults() throws {
    let spec = try JobSpec(
      JSON(parsing: #"{"kind":"train","model":"base","data":"mmad","output":"../out//run"}"#),
      relativeTo: "/lab/jobs")
    guard case .train(let train) = spec.settings else {
      Issue.record("not a training")
      return
    }
    #expect(spec.name == "train" && spec.priority == 0 && spec.maxAttempts == 3)
    #expect(train.model == "/lab/jobs/base" && train.output == "/lab/out/run")
    #expect(train.steps == 1000 && train.promptsPerStep == 8 && train.groupSize == 8)
    #expect(train.learningRate == 5e-7 && train.beta == 0.04 && train.epsilonLow == 0.2)
    #expect(train.epsilonHigh == 0.2 && train.temperature == 1 && train.maxNewTokens == 256)
    #expect(
      train.reward == RewardFormula(.roam) && train.method == .grpo && train.reduction == .grpo
        && train.trainedPart == .all)
    #expect(train.advantage.ddof == 1 && train.advantage.epsilon == 1e-4 && train.advantage.normalise)
    #expect(train.staleness == 0 && train.questionTypes == nil && train.innerIterations == 1)
    #expect(train.schedule == .linear && train.warmupSteps == 0 && train.dtype == .float32)
    #expect(train.promptProtocol == .paper && train.maxGradientNorm == 1 && train.weightDecay == 0)
    #expect(train.ratioLevel == .token && train.divergence == .k3 && train.dualClip == nil)
    #expect(train.mismatch == nil && train.minRewardDeviation == nil && !train.recomputeLayers)
  }

  @Test(
    "a name, a key and a label's value hold so many characters as the database counts, and none that steers a terminal"
  )
  func oneLine() {
    func problems(_ key: String, _ text: String) -> [String] {
      self.problems(
        #"{"kind":"eval","model":"m","data":"d","output":"o","\#(key)":\#(JSON.string(text).serialized())}"#)
    }
    let accents = "e" + String(repeating: "\u{301}", count: 200)
    #expect(accents.count == 1)
    for key in ["name", "unique"] {
      #expect(problems(key, "Prüfung 7 – 螺丝 🔩").isEmpty)
      for text in [accents, "a\u{9B}31m", "a\u{7F}b", "a\u{2028}b", "\u{202E}evil", "a\u{1B}[2J"] {
        #expect(
          problems(key, text).first?.contains(key) == true, "\(key) \(text.unicodeScalars.map(\.value))")
      }
    }
    #expect(Label.isValue("Werk Süd") && !Label.isValue(accents) && !Label.isValue("\u{9D}0;title"))
  }

  @Test("a preset gives reward and prompts of a published run, and what the job file says goes before it")
  func presets() throws {
    func train(_ more: String) throws -> TrainSettings? {
      let text = #"{"kind":"train","model":"/m","data":"/d","output":"/o","preset":"paper-released"\#(more)}"#
      guard case .train(let train) = try JobSpec(JSON(parsing: text)).settings else { return nil }
      return train
    }
    let released = try #require(try train(""))
    #expect(
      released.reward == RewardFormula(.roamReleased) && released.promptProtocol == .paperReleasedTraining)
    #expect(released.steps == 1000 && released.learningRate == 5e-7)
    #expect(try train(#","reward":"roam""#)?.reward == RewardFormula(.roam))
  }

  @Test("every setting of a training, and of its groups, stands on the page that explains them")
  func documented() throws {
    let spec = try JobSpec(
      JSON(
        parsing: #"{"kind":"train","model":"/m","data":"/d","output":"/o","images":"/i","references":0,"#
          + #""question_types":["Anomaly Detection"],"dual_clip":3,"mismatch":{},"min_reward_std":0,"#
          + #""trained_part":"lora","lora":{},"prompts_per_pass":1,"validation":{"data":"/h"}}"#))
    guard case .train(let train) = spec.settings else { throw JobSpecError(["not a training"]) }
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let page = String(
      decoding: try Data(contentsOf: URL(filePath: root + "/docs/training-settings.md")), as: UTF8.self)
    // A key stands in code marks, alone, at the head of its group, or inside the group's braces.
    let words = Set(page.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
    for member in try JSON(encoding: train).members ?? [] {
      #expect(page.contains("`\(member.key)`") || page.contains("\(member.key): {"), "\(member.key)")
      for inner in member.value.members ?? [] {
        #expect(words.contains(inner.key), "\(member.key).\(inner.key)")
      }
    }
  }

  @Test(
    "an evaluation's protocol decides what may be asked for, and every choice survives the way to the worker")
  func evaluationChoices() throws {
    let whole =
      #"{"kind":"eval","model":"/m","data":"/d","output":"/o","protocol":"mmad","references":2,"#
      + #""reference_source":"similar","domain_knowledge":true,"option_order":"shuffled","trained_on":"/t","dtype":"int8"}"#
    let spec = try JobSpec(JSON(parsing: whole))
    guard case .eval(let eval) = spec.settings else {
      Issue.record("not an evaluation")
      return
    }
    #expect(eval.referenceSource == .similar && eval.domainKnowledge && eval.optionOrder == .shuffled)
    #expect(eval.trainedOn == "/t" && eval.dtype == .int8)
    #expect(spec.settings.paths.map(\.key) == ["model", "data", "trained_on", "output"])
    #expect(try JobSpec(JSON(encoding: spec)) == spec)
    func problems(_ more: String) -> [String] {
      self.problems(#"{"kind":"eval","model":"/m","data":"/d","output":"/o",\#(more)}"#)
    }
    #expect(
      problems(#""domain_knowledge":true"#)
        == ["domain_knowledge: protocol paper has no place for it; use protocol mmad"])
    #expect(problems(#""protocol":"paper-released","references":0"#).isEmpty)
  }

  @Test("a protocol's prompt bounds the reference pictures of every kind of job that shows them")
  func references() {
    for kind in ["train", "rollout", "eval"] {
      func problems(_ more: String) -> [String] {
        self.problems(#"{"kind":"\#(kind)","model":"/m","data":"/d","output":"/o",\#(more)}"#)
      }
      #expect(problems(#""references":2"#) == ["references: found 2; protocol paper shows at most 1"])
      #expect(
        problems(#""references":1,"protocol":"paper-released-training""#)
          == ["references: found 1; protocol paper-released-training shows at most 0"])
      #expect(problems(#""references":8,"protocol":"mmad""#).isEmpty)
    }
  }

  @Test(
    "a training does not put its model where the one lies that it starts from",
    arguments: [
      ("/r/model", "/r"), ("/r/best/", "/r/"), ("/r//model/x", "/r"), ("/r/models", "/r"), ("/q", "/r"),
    ])
  func ownBase(model: String, output: String) throws {
    let spec: JSON = ["kind": "train", "model": .string(model), "data": "/d", "output": .string(output)]
    let isRefused = !model.hasPrefix("/r/models") && model != "/q"
    do {
      _ = try JobSpec(spec)
      #expect(!isRefused)
    } catch {
      #expect(isRefused && "\(error)".contains("give another folder"))
    }
  }

  @Test("of very many unknown keys the first are told")
  func manyUnknownKeys() throws {
    let unknown = (0..<20_000).map { JSON.Member("key\($0)", 0) }
    let error = #expect(throws: JobSpecError.self) {
      try JSON.object([.init("kind", "train")] + unknown).decode(JobSpec.self)
    }
    #expect(try #require(error).problems.count < 30)
  }

  @Test(
    "a mistake costs a message that names the key, what was found and what is allowed",
    arguments: [
      (#"[1]"#, "a list of 1"),
      (#"{"model":"m"}"#, "kind: is missing; it is one of train, eval, rollout, score"),
      (
        #"{"kind":"trian"}"#,
        "kind: found 'trian'; allowed is one of train, eval, rollout, score; did you mean 'train'?"
      ),
      (
        #"{"kind":"eval","model":"m","data":"d","output":"o","shard_sise":3}"#,
        "unknown key 'shard_sise' in a job of kind eval; did you mean 'shard_size'?"
      ),
      (
        #"{"kind":"eval","model":"m","data":"d","output":"o","shard_size":0}"#,
        "shard_size: found 0; allowed is a whole number from 1 to 100000"
      ),
      (
        #"{"kind":"eval","model":"m","data":"d","output":"o","limit":"ten"}"#,
        "limit: found 'ten'; allowed is a whole number from 1 to 100000000"
      ),
      (
        #"{"kind":"score","model":"m","images":"s3://bucket/night","output":"o"}"#,
        "images: found the address 's3://bucket/night'; jobs read files: mount what s3:// leads to on the workers' "
          + "machines (mount-s3, s3fs, rclone mount) and name the folder"
      ),
      (
        #"{"kind":"eval","model":"m","output":"o"}"#,
        "data: is missing; it names the data set (see 'ar1 data check')"
      ),
      (
        #"{"kind":"train","model":"m","data":"d","output":"o","learning_rate":-1}"#,
        "learning_rate: found -1; allowed is a number from 0.0 to 1.0"
      ),
      (
        #"{"kind":"train","model":"m","data":"d","output":"o","reward":"roam_released"}"#,
        "reward: found 'roam_released'; allowed is one of roam, roam-released, classical, format, iou, or a sum such as 'roam + 0.2 * format'; did you mean 'roam-released'?"
      ),
      (
        #"{"kind":"train","model":"m","data":"d","output":"o","advantage":{"dof":1}}"#,
        "unknown key 'advantage.dof' in advantage; did you mean 'advantage.ddof'?"
      ),
      (
        #"{"kind":"train","model":"m","data":"d","output":"o","mismatch":{"mode":"clip"}}"#,
        "mismatch.mode: found 'clip'; allowed is one of truncate, mask"
      ),
      (
        #"{"kind":"train","model":"m","data":"d","output":"o","dual_clip":0.5}"#,
        "dual_clip: found 0.5; allowed is a number from 1.001 to 1000.0"
      ),
      (
        #"{"kind":"train","model":"m","data":"d","output":"o","steps":5,"warmup_steps":6}"#,
        "warmup_steps: found 6; allowed is at most the number of steps, 5"
      ),
      (
        #"{"kind":"train","model":"m","data":"d","output":"o","question_types":["Anomaly detection"]}"#,
        "did you mean 'Anomaly Detection'?"
      ),
      (
        #"{"kind":"score","model":"m","images":"i","output":"o","product":"a\nb"}"#,
        "product: found 'a\nb'; allowed is one line of text of 1 to 120 characters"
      ),
      (
        #"{"kind":"score","model":"m","images":"i","output":"o","zzzzzz":1}"#,
        "known keys are after, append, at, at_once, cache, classes"
      ),
      (
        #"{"kind":"score","model":"m","images":"i","output":"o","max_errors":"-1%"}"#,
        "max_errors: found '-1%'; allowed is a share such as '1%' or '0.5%', or a whole number of images"
      ),
      (
        #"{"kind":"score","model":"m","images":"i","output":"o","tiling":{"size":500,"overlap":251}}"#,
        "tiling.overlap: found 251; allowed is at most half of the size 500"
      ),
      (
        #"{"kind":"score","model":"m","images":"i","output":"o","reference":["a","","c"]}"#,
        "reference: found ''; allowed is a path of at most 4096 bytes"
      ),
      (
        #"{"kind":"eval","model":"~/models/base","data":"d","output":"o"}"#,
        "model: found '~/models/base'; only a shell puts a folder in the place of '~' or a variable: write it out"
      ),
      (
        #"{"kind":"eval","model":"m","data":"d","output":"$HOME/out"}"#,
        "output: found '$HOME/out'; only a shell puts a folder"
      ),
      (
        #"{"kind":"eval","model":"m","data":"d","output":"o","name":2026}"#,
        "name: found 2026; allowed is one line of text of 1 to 120 characters; put it in quotes"
      ),
      (
        #"{"kind":"eval","model":"m","data":"d","output":"o","limit":"10"}"#,
        "limit: found '10'; allowed is a whole number from 1 to 100000000; write it without quotes"
      ),
      (
        #"{"kind":"rollout","model":"m","data":"d","output":"o","priority":1000}"#,
        "priority: found 1000; allowed is a whole number from -100 to 100"
      ),
    ])
  func messages(_ text: String, _ expected: String) {
    let found = problems(text)
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.contains(expected) == true, "\(found)")
  }

  @Test("all mistakes are reported at once")
  func allAtOnce() {
    let found = problems(#"{"kind":"train","steps":0,"beta":"x","modle":"m","output":7}"#)
    #expect(found.count == 6, "\(found)")
  }

  @Test("a lower clip bound that the objective has no use for is refused when the job is submitted")
  func clipBounds() {
    func problems(_ more: String) -> [String] {
      self.problems(#"{"kind":"train","model":"/m","data":"/d","output":"/o",\#(more)}"#)
    }
    #expect(problems(#""epsilon_low":0.99"#).isEmpty)
    #expect(
      problems(#""epsilon_low":1"#) == ["epsilon_low: found 1; allowed is a number from 0.0 to 0.999"])
  }

  @Test("without a folder to start from, a relative path is refused")
  func relativePath() {
    let found = problems(#"{"kind":"eval","model":"m","data":"/d","output":"/o"}"#, folder: nil)
    #expect(found == ["model: found the relative path 'm'; allowed is an absolute path here"])
  }

  @Test("what is written reads back as the same specification, for every kind")
  func roundTrip() throws {
    for text in [
      #"{"kind":"train","model":"m","data":"d","output":"o","question_types":["Anomaly Detection"],"seed":7}"#,
      #"{"kind":"eval","model":"m","data":"d","output":"o","limit":5,"references":1}"#,
      #"{"kind":"rollout","model":"m","data":"d","output":"o","count":3,"name":"a b"}"#,
      #"{"kind":"score","model":"m","images":"i","output":"o","reference":"g.png","priority":-3}"#,
      #"{"kind":"score","model":"m","images":"i","output":"o","max_errors":"0.5%","tiling":{},"threshold":0.4}"#,
      #"{"kind":"score","model":"m","images":"i/*.png","output":"o","reference":["a","b"],"max_errors":7}"#,
    ] {
      let spec = try JobSpec(JSON(parsing: text), relativeTo: "/lab")
      let tree = try JSON(encoding: spec)
      #expect(try tree.decode(JobSpec.self) == spec)
      #expect(try JobSpec(JSON(parsing: tree.serialized())) == spec)
    }
  }

  @Test("needs, labels, what comes before and when are read, and written back the same")
  func schedule() throws {
    let text = #"""
      {"kind":"eval","model":"/m","data":"/d","output":"/o","labels":{"night":true,"line":7},"after":[12,3],
       "at":"2026-12-01 22:00","resources":{"gpu":1,"gpu_memory":"40GB..","memory":"16GiB","labels":{"site":"north"}}}
      """#
    let spec = try JobSpec(JSON(parsing: text))
    #expect(spec.labels == ["night": "true", "line": "7"] && spec.after == [3, 12])
    #expect(spec.at == 1_796_162_400)
    #expect(
      spec.resources
        == ResourceRequest(
          gpus: 1, gpuMemory: 40_000_000_000, memory: 17_179_869_184, labels: ["site": "north"]))
    #expect(spec.resources.description == "1 GPU of 40GB, 16GiB of memory, the label site=north")
    #expect(try JobSpec(JSON(encoding: spec)) == spec)
    let gpu = #"{"kind":"eval","model":"/m","data":"/d","output":"/o","resources":{"device":"cuda"}}"#
    #expect(try JobSpec(JSON(parsing: gpu)).resources.gpus == 1)
  }

  @Test(
    "a wrong need, label or moment is named",
    arguments: [
      (
        #""resources":{"gpus":1}"#, "unknown key 'resources.gpus' in resources; did you mean 'resources.gpu'?"
      ),
      (
        #""resources":{"gpu_memory":"much"}"#,
        "resources.gpu_memory: found 'much'; allowed is a size such as 40GB or 512MiB"
      ),
      (
        #""resources":{"device":"cpu","gpu":1}"#,
        "resources.device: found 'cpu' beside 'gpu' or 'gpu_memory'; leave one of them out"
      ),
      (
        #""resources":{"gpu":1,"gpu_memory":40}"#,
        "resources.gpu_memory: found 40, which is 40 bytes; write it with its unit, such as 40GB"
      ),
      (#""after":[12,-1]"#, "after: found -1; allowed is a job's number, or a list of at most 100"),
      (#""after":"train""#, "after: found 'train'; allowed is a job's number, or a list of at most 100"),
      (
        #""at":"tomorrow""#,
        "at: found 'tomorrow'; allowed is a moment in UTC such as '2026-12-01 22:00', or seconds since 1970"
      ),
    ])
  func scheduleMistakes(member: String, expected: String) {
    let found = problems(#"{"kind":"eval","model":"/m","data":"/d","output":"/o",\#(member)}"#)
    #expect(found == [expected])
  }

  @Test(
    "moments read and write over leap years and months",
    arguments: [0, 951_782_399, 1_709_164_800, 4_102_444_799])
  func moments(seconds: Int) {
    #expect(Moment.parse(Moment.text(Double(seconds))) == Double(seconds))
  }

  @Test("rules of a job are read, and written back the same")
  func rules() throws {
    let text = #"""
      {"kind":"score","model":"/m","images":"/d","output":"/o","cron":"30 22 * * 1-5","deadline":"8h",
       "stall_after":"15m","at_once":4,"unique":"nightly"}
      """#
    let spec = try JobSpec(JSON(parsing: text))
    #expect(spec.cron == "30 22 * * 1-5" && spec.deadline == 28_800 && spec.stallAfter == 900)
    #expect(spec.atOnce == 4 && spec.unique == "nightly")
    #expect(try JobSpec(JSON(encoding: spec)) == spec)
    for bad in [
      #""cron":"30 25 * * *""#, #""cron":"0 0 31 2 *""#, #""deadline":"soon""#, #""stall_after":1"#,
    ] {
      #expect(
        problems(#"{"kind":"score","model":"/m","images":"/d","output":"/o",\#(bad)}"#).count == 1, "\(bad)")
    }
  }

  @Test(
    "a schedule's next moment",
    arguments: [
      ("30 22 * * 1-5", "2026-11-27 22:30", "2026-11-30T22:30:00Z"),
      ("*/15 * * * *", "2026-11-25 23:46", "2026-11-26T00:00:00Z"),
      ("0 6 1 * *", "2026-11-25 00:00", "2026-12-01T06:00:00Z"),
      ("0 0 29 2 *", "2026-01-01 00:00", "2028-02-29T00:00:00Z"),
      ("0 12 13 * 5", "2026-11-25 00:00", "2026-11-27T12:00:00Z"),
      ("5,10-12 3 * * 7", "2026-11-29 03:10", "2026-11-29T03:11:00Z"),
    ])
  func cron(text: String, from: String, expected: String) throws {
    let schedule = try #require(CronSchedule(text))
    let next = schedule.next(after: try #require(Moment.parse(from)))
    #expect(next.map(Moment.text) == expected)
  }
}
