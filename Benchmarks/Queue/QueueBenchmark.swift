import ArgumentParser
import OrderedJSON

/// Loads on the queue, one a subcommand; each prints one line of JSON. Benchmarks/queue_speed.py runs them beside bare SQL and
/// other queues, on a PostgreSQL of its own.
@main
struct QueueBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue-benchmark", abstract: "Put a load on the queue and measure it.",
    subcommands: [
      Prepare.self, Fill.self, Drain.self, Submit.self, SubmitToStart.self, LargeArray.self,
      HeartbeatLoad.self,
      PinnedSnapshot.self, AdmissionPass.self, NothingWorker.self,
    ])
}

/// Prints the result for programs.
func report(_ members: KeyValuePairs<String, JSON>) {
  print(JSON.object(members.map { JSON.Member($0.key, $0.value) }).serialized())
}

extension [Double] {
  /// The value below which this part of them lies.
  func quantile(_ part: Double) -> Double {
    guard !isEmpty else { return 0 }
    let ordered = sorted()
    return ordered[Swift.min(count - 1, Int(part * Double(count)))]
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
