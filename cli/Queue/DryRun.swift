import ArgumentParser
import JobModel
import OrderedJSON
import TaskExecutors

/// What a job would do and take, found out without submitting it.
struct DryRun {
  let spec: JobSpec
  /// Bytes of the machine it is meant for.
  let memory: Int
  /// Whether no other job goes before it that may make what it reads.
  let isFirst: Bool

  /// What was found out.
  struct Finding {
    let document: JSON
    let text: String
    /// Why the job cannot fit.
    var problems: [String] = []
  }

  /// Looks at jobs one after the other and tells what it finds, as one JSON document where there is more than one job
  /// too.
  /// - Throws: an exit code when a job cannot fit, or what is wrong with its model or its data.
  static func run(_ jobs: [DryRun], json: Bool) throws {
    var findings: [Finding] = []
    for job in jobs {
      let finding = try job.look()
      findings.append(finding)
      if !json { Terminal.write(finding.text) }
    }
    if json {
      let documents = findings.map(\.document)
      let whole: JSON = documents.count == 1 ? documents[0] : ["jobs": .array(documents)]
      JSONOutput.print(whole)
    }
    let problems = findings.flatMap(\.problems)
    for problem in problems { Terminal.writeError("does not fit: \(problem)\n") }
    if !problems.isEmpty { throw ExitCode(1) }
  }

  private func look() throws -> Finding {
    guard case .train(let settings) = spec.settings else {
      if isFirst { try InputCheck.check(spec.settings) }
      return Finding(document: ["valid": true], text: "the job is valid; nothing was submitted\n")
    }
    let forecast = try TrainingForecast(settings)
    let lengths = try PromptLengths(of: settings)
    let isOnGPU = spec.resources.kind == .cuda
    let learner = isOnGPU ? forecast.learnerOnGPU(lengths) : forecast.learner(lengths)
    // Of a GPU only what the job asks for is known.
    let room = isOnGPU ? Int(spec.resources.gpuMemory) : memory
    let whose = isOnGPU ? "the job asks for a GPU with" : "the machine has"
    let worker = forecast.rolloutWorker(lengths, onGPU: isOnGPU)
    var problems: [String] = []
    if room > 0, learner.bytes > room {
      problems.append(
        "the learner needs about \(Format.size(learner.bytes)), \(whose) \(Format.size(room)); "
          + "smaller: prompts_per_pass: 1, recompute_layers: true, beta: 0, dtype: bfloat16, trained_part: language or lora"
      )
    }
    if let worker, room > 0, worker.bytes > room {
      problems.append(
        "a rollout worker needs about \(Format.size(worker.bytes)), \(whose) \(Format.size(room)); "
          + "smaller: prompts_per_task, group_size or max_new_tokens")
    }
    if let free = forecast.freeDisk, forecast.disk.bytes > free {
      problems.append(
        "the output takes up to \(Format.size(forecast.disk.bytes)), its disk has \(Format.size(free)) free")
    }
    let verdict =
      room > 0 ? "it fits" : "whether it fits depends on the GPU: ask for one with gpu_memory"
    return Finding(
      document: document(forecast, lengths, learner, worker, problems),
      text: text(forecast, lengths, learner, worker)
        + (problems.isEmpty ? "\(verdict); nothing was submitted\n" : ""), problems: problems)
  }

  private func text(
    _ forecast: TrainingForecast, _ lengths: PromptLengths, _ learner: MemoryForecast,
    _ worker: MemoryForecast?
  ) -> String {
    let settings = forecast.settings
    let answers = settings.promptsPerStep * forecast.answersPerPrompt
    var text = Style.bold(spec.name) + "\n"
    func line(_ name: String, _ value: String) {
      text += Style.faint(name + String(repeating: " ", count: max(1, 24 - name.count))) + value + "\n"
    }
    line("parameters", "\(Format.count(forecast.size.parameters)), trained \(Format.count(forecast.trained))")
    line(
      "a step",
      "\(settings.promptsPerStep) prompts × \(forecast.answersPerPrompt) = \(answers) "
        + (settings.method == .grpo ? "answers" : "replies")
        + " in \(Self.count(forecast.passes, "pass", "passes")) of "
        + Self.count(forecast.promptsPerPass, "prompt", "prompts"))
    if settings.method == .grpo, settings.resample > 0 {
      line(
        "",
        "and up to \(settings.resample) × \(settings.promptsPerStep) prompts more in place of groups that are left out"
      )
    }
    let passes = Double(settings.steps * settings.promptsPerStep) / Double(max(1, lengths.count))
    line(
      "the run",
      "\(Format.count(settings.steps)) steps, \(Format.count(settings.steps * answers)) in all, "
        + "\(Format.fixed(passes, 1)) times through \(Format.count(lengths.count)) prompts")
    line(
      "tokens of a prompt",
      "\(Format.fixed(lengths.mean, 0)) on average, \(lengths.longest) at most "
        + "(\(Format.fixed(lengths.pictureTokens, 0)) of pictures; from \(lengths.measured) prompts)")
    func memory(_ name: String, _ forecast: MemoryForecast) {
      line(name, Format.size(forecast.bytes))
      for item in forecast.items { line("", "\(Format.size(item.bytes))  \(item.name)") }
    }
    let place = spec.resources.kind == .cuda ? ", on a GPU" : ""
    memory("learner" + place, learner)
    if let worker { memory("rollout worker" + place, worker) }
    memory("disk", forecast.disk)
    return text
  }

  private static func count(_ number: Int, _ one: String, _ many: String) -> String {
    "\(Format.count(number)) \(number == 1 ? one : many)"
  }

  private func document(
    _ forecast: TrainingForecast, _ lengths: PromptLengths, _ learner: MemoryForecast,
    _ worker: MemoryForecast?,
    _ problems: [String]
  ) -> JSON {
    func bytes(_ forecast: MemoryForecast) -> JSON {
      .object(
        [.init("bytes", .integer(forecast.bytes))] + forecast.items.map { .init($0.name, .integer($0.bytes)) }
      )
    }
    return [
      "fits": .bool(problems.isEmpty), "problems": .array(problems.map(JSON.string)),
      "parameters": .integer(forecast.size.parameters), "trained": .integer(forecast.trained),
      "answers_per_step": .integer(forecast.settings.promptsPerStep * forecast.answersPerPrompt),
      "passes_per_step": .integer(forecast.passes), "prompts": .integer(lengths.count),
      "prompt_tokens": ["mean": .number(lengths.mean), "longest": .integer(lengths.longest)],
      "learner": bytes(learner), "rollout_worker": worker.map(bytes) ?? .null, "disk": bytes(forecast.disk),
    ]
  }
}
