import ArgumentParser
import JobModel
import Scheduling

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Play labs and their jobs against fair-share admission, on a clock of its own.",
    discussion: """
      Shows what quotas and weights would do before they are set: what each lab gets of what it is due, how long \
      its jobs wait, how often tasks have to give way.

        seconds: 86400
        workers:
          - {count: 8, slots: 8, gpus: 8, gpu_memory: 80GB}
        labs:
          - name: vision
            weight: 2
            nominal: 16        # also borrow, lend, max_running, budget_hours
            streams:           # also user, gang, gpu_memory, priority, saves, from, until
              - {jobs_per_hour: 6, tasks: 20, seconds: 600, spread: 0.5, gpu: 1}

      Example: ar1 simulate --example
      """)

  @Argument(help: ArgumentHelp("The scenario.", valueName: "file.yaml"), completion: .file())
  var file: String?
  @Flag(help: "Play a day of three labs on 64 GPUs.") var example = false
  @Flag(help: "Print one JSON document.") var json = false

  func validate() throws {
    guard (file == nil) == example else { throw ValidationError("give a scenario's file or --example") }
  }

  func run() throws {
    let scenario = try file.map(ScenarioFile.read) ?? .example
    let clock = ContinuousClock()
    let start = clock.now
    let report = Simulation.run(scenario)
    if json {
      try JSONOutput.print(report)
      return
    }
    let used = report.labs.reduce(0) { $0 + $1.used }
    var table = Table([
      .left("LAB"), .right("WEIGHT"), .right("NOMINAL"), .right("JOBS"), .right("DONE"), .right("DUE h"),
      .right("USED h"), .right("OF DUE"), .right("SHARE"), .right("WAIT p50"), .right("p95"),
      .right("GAVE WAY"),
    ])
    for lab in report.labs {
      table.add([
        Table.Cell(lab.name), Table.Cell(Format.fixed(lab.weight, 1)),
        Table.Cell(Format.fixed(lab.nominal, 0)),
        Table.Cell(Format.count(lab.jobs)), Table.Cell(Format.count(lab.finished)),
        Table.Cell(Format.fixed(lab.due, 1)), Table.Cell(Format.fixed(lab.used, 1)),
        Table.Cell(lab.due > 0 ? Format.percent(lab.used / lab.due, digits: 0) : "–"),
        Table.Cell(used > 0 ? Format.percent(lab.used / used) : "–"),
        Table.Cell(Format.duration(lab.medianWait)), Table.Cell(Format.duration(lab.slowWait)),
        Table.Cell(Format.count(lab.preempted)),
      ])
    }
    table.print()
    Terminal.write(
      """
      \(Format.count(report.jobs)) jobs, \(Format.count(report.finished)) finished, \
      \(Format.percent(report.utilisation)) of the pool used, \(Format.count(report.preemptions)) tasks gave way; \
      \(Format.duration(report.seconds)) in \(Format.duration((clock.now - start) / .seconds(1))), \
      \(Format.count(report.passes)) passes

      """)
  }
}
