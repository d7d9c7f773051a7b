import ArgumentParser
import CPlatform

/// The program: the coordinator, the workers and the commands people type are one binary.
@main
struct AR1: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ar1",
    abstract:
      "Industrial inspection that reasons: train, evaluate and score with Qwen2.5-VL through a job queue.",
    discussion: """
      Start everything on this machine:   ar1 up
      Then, in the same folder:           ar1 score photos --model models/base --out results --wait
      See what happens:                   ar1 jobs, ar1 show 1, ar1 logs -f 1
      """,
    version: Version.current,
    groupedSubcommands: [
      CommandGroup(
        name: "Jobs",
        subcommands: [
          SubmitCommand.self, TrainCommand.self, EvalCommand.self, RolloutCommand.self, ScoreCommand.self,
          JobsCommand.self, ShowCommand.self, LogsCommand.self, WatchCommand.self, SamplesCommand.self,
          RescoreCommand.self, PlotCommand.self,
          WaitCommand.self, CancelCommand.self, EventsCommand.self, TopCommand.self,
          RetryCommand.self, ForkCommand.self,
          CloneCommand.self, WhyCommand.self, PriorityCommand.self, PauseCommand.self, ResumeCommand.self,
        ]),
      CommandGroup(
        name: "Machines",
        subcommands: [
          UpCommand.self, CoordinatorCommand.self, WorkerCommand.self, WorkersCommand.self,
          DoctorCommand.self,
          DrainCommand.self,
        ]),
      CommandGroup(
        name: "Labs",
        subcommands: [
          LabCommand.self, UserCommand.self, TokenCommand.self, WebhookCommand.self, UsageCommand.self,
          AuditCommand.self,
          QuotaCommand.self,
        ]),
      CommandGroup(
        name: "Without a queue",
        subcommands: [
          ModelCommand.self, CheckpointCommand.self, RewardCommand.self, DataCommand.self,
          CalibrateCommand.self,
          BaseCommand.self,
          DemoCommand.self,
          SimulateCommand.self,
        ]),
    ])

  static func main() async {
    ar1_keep_standard_streams()
    ar1_ignore_broken_pipes()
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      if Terminal.outputIsIncomplete { throw ExitCode.failure }
    } catch {
      exit(withError: FileTrouble.told(error))
    }
  }
}

enum Version {
  static let current = "0.1.0"
}
