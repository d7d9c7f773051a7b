import ArgumentParser
import CoordinatorClient
import Glibc
import JobModel
import Logging
import PostTraining
import TaskExecutors
import Tensors
import WorkerRuntime

struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Work on tasks of the queue.",
    discussion: """
      Waits, and says so, while the coordinator or its database is away. SIGTERM and SIGINT give the leases \
      back at once (that costs no attempt) and end it; a second one ends it without waiting.

      With --mpi the processes that mpirun has started are one worker with one learner: each takes its share of a \
      step's prompts. Rank 0 alone speaks with the coordinator.

      Example: ar1 worker --url http://queue.lab:8170 --token-file worker.token --kinds shard,report,plan
               mpirun -n 2 ar1 worker --mpi --url http://queue.lab:8170 --token-file worker.token
      """)

  @Option(help: "A name to know the worker by (the host's).") var name: String?
  @Option(help: "Tasks done at once.") var slots = 1
  @Option(help: "Only these kinds of tasks, separated by commas: \(Self.kindNames) (all).")
  var kinds: String?
  @Flag(help: "Learn together with the other processes of this mpirun; takes tasks of the kind learn alone.")
  var mpi = false
  @Option(
    name: .customLong("label"),
    help: ArgumentHelp(
      "A label that jobs can ask for, such as site=north; may be repeated.", valueName: "name=value"))
  var labels: [String] = []
  @Option(
    help: ArgumentHelp(
      "Where tasks compute that ask for no GPU: cpu, or cuda:N.",
      discussion: "Tasks of jobs with resources: {gpu: …} compute on the GPUs they are given in any case."))
  var device = "cpu"
  @Option(help: "trace, debug, info, notice, warning or error.") var logLevel = Logger.Level.info
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  private static var kindNames: String { TaskKind.allCases.map(\.rawValue).joined(separator: ", ") }

  func validate() throws {
    guard (1...1_000).contains(slots) else { throw ValidationError("--slots is 1 to 1000") }
    _ = try chosenKinds()
    guard ComputeDevice(device) != nil else {
      throw ValidationError("--device \(device) is unknown; use cpu, or cuda:0 for the first GPU")
    }
    if mpi, slots != 1 || kinds != nil {
      throw ValidationError("--mpi makes a worker with one learner; leave out --slots and --kinds")
    }
    for label in labels where Label.parse(label) == nil {
      throw ValidationError("--label \(label) is not written name=value; \(Label.rule)")
    }
    guard labels.count <= Label.most else {
      throw ValidationError("a worker bears at most \(Label.most) labels")
    }
  }

  func run() async throws {
    let logger = LogOutput.logger("worker", level: logLevel)
    guard mpi else { return try await work(logger, crew: .alone(), kinds: try chosenKinds()) }
    let collective = try MPICollective()
    defer { collective.stop() }
    guard collective.rank == 0 else {
      // A signal for all is rank 0's to answer: it gives the lease back and sends the others home.
      signal(SIGTERM, SIG_IGN)
      signal(SIGINT, SIG_IGN)
      do {
        return try await LearnerFollower(collective, saying: { logger.info("\($0)") }).run()
      } catch {
        logger.error("rank \(collective.rank) cannot go on: \(error)")
        collective.abort(code: 1)
      }
    }
    let crew = LearnerCrew(collective)
    do {
      try await work(logger, crew: crew, kinds: [.learn])
    } catch {
      logger.error("\(error)")
      collective.abort(code: 1)
    }
    try crew.dismiss()
  }

  private func work(_ logger: Logger, crew: LearnerCrew, kinds: Set<TaskKind>?) async throws {
    let (devices, own, use) = try gpus(logger)
    let worker = Worker(
      client: try connection.client(for: .worker), executors: TaskExecutorCatalogue.all(crew: crew),
      configuration: WorkerConfiguration(
        name: name, slots: slots, kinds: kinds,
        labels: Dictionary(
          labels.compactMap(Label.parse).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
        devices: devices, ownDevice: own, deviceUse: use,
        openDevice: { _ = try CUDADevice(index: $0).close() }),
      logger: logger)
    try await TerminationSignals.cancelling {
      try await worker.run()
    }
  }

  /// The GPUs that jobs can ask for, the one of tasks that ask for none, and what tells how much they are used.
  /// - Throws: when --device names one that cannot be used; otherwise the worker goes on without.
  private func gpus(
    _ logger: Logger
  ) throws -> (all: [Inventory.Device], own: Int?, use: @Sendable () -> [DeviceReport]) {
    let all: [CUDADevice.Description]
    do {
      all = try CUDADevice.all { logger.warning("not offered: \($0)") }
    } catch {
      guard device == "cpu" else { throw error }
      logger.info("computing on the processor alone: \(error)")
      return ([], nil, { [] })
    }
    let inventory = all.map {
      Inventory.Device(index: $0.index, name: $0.name, memoryBytes: Int64($0.memoryBytes))
    }
    let use = meter(of: all, logger)
    guard case .cuda(let index)? = ComputeDevice(device) else { return (inventory, nil, use) }
    let gpu = try CUDADevice(index: index)  // its kernels are compiled now, not in the first task
    logger.info("computing on cuda:\(index), a \(gpu.name) of \(gpu.memoryBytes >> 20) MiB")
    return (inventory, index, use)
  }

  /// Tells the use of the GPUs; nothing, where NVIDIA's management library cannot be opened.
  private func meter(
    of devices: [CUDADevice.Description], _ logger: Logger
  ) -> @Sendable () -> [DeviceReport] {
    do {
      let meter = try DeviceMeter(devices)
      return {
        meter.read().map {
          DeviceReport(
            index: $0.index, utilization: $0.utilization, memoryUsed: Int64($0.memoryUsed),
            memoryTotal: Int64($0.memoryTotal))
        }
      }
    } catch {
      if !devices.isEmpty { logger.info("the use of the GPUs is not told: \(error)") }
      return { [] }
    }
  }

  private func chosenKinds() throws -> Set<TaskKind>? {
    guard let kinds else { return nil }
    return try Set(
      kinds.split(separator: ",").map { part in
        let name = String(part.drop { $0 == " " })
        guard let kind = TaskKind(rawValue: name) else {
          let nearest = Spelling.nearest(to: name, among: TaskKind.allCases.map(\.rawValue))
          throw ValidationError(
            "'\(name)' is no kind of task; known are \(Self.kindNames)"
              + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
        }
        return kind
      })
  }
}
