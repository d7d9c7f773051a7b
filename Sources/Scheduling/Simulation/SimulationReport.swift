/// What a simulated time has brought each lab.
public struct SimulationReport: Sendable, Equatable, Encodable {
  public var seconds: Double
  public var jobs: Int
  public var finished: Int
  public var preemptions: Int
  /// The part of the pool's unit-seconds in use.
  public var utilisation: Double
  public var passes: Int
  public var labs: [Lab]

  public struct Lab: Sendable, Equatable, Encodable {
    public var name: String
    public var weight: Double
    public var nominal: Double
    public var jobs: Int
    public var finished: Int
    /// Unit-hours used.
    public var used: Double
    /// Unit-hours due, moment by moment, by nominal quota and weight among those who wanted something.
    public var due: Double
    /// The most it held at once.
    public var mostHeld: Double
    /// Seconds from a job's submission to the start of its first task.
    public var medianWait: Double
    public var slowWait: Double
    public var longestWait: Double
    /// How often its tasks had to give way.
    public var preempted: Int

    enum CodingKeys: String, CodingKey {
      case name, weight, nominal, jobs, finished
      case used = "used_hours"
      case due = "due_hours"
      case mostHeld = "most_held"
      case medianWait = "wait_p50"
      case slowWait = "wait_p95"
      case longestWait = "wait_max"
      case preempted
    }
  }
}
