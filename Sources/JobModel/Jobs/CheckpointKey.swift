/// Names what a task needs in memory before it can begin, and what a worker holds there.
///
/// Most tasks need the model of a folder, named by its path. What a training samples from changes with every step and
/// belongs to the run.
public enum CheckpointKey {
  public static func run(_ job: JobID) -> String { "run/\(job)" }
}
