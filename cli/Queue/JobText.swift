import JobModel

/// How jobs, tasks and their states read in tables and on the live line.
enum JobText {
  /// "queued", or "queued, paused" where nothing more of it begins.
  static func state(_ job: JobRecord) -> Table.Cell {
    job.pausedAt == nil
      ? Table.Cell(job.state.rawValue, style(job.state))
      : Table.Cell("\(job.state.rawValue), paused", .yellow)
  }

  static func style(_ state: JobState) -> Style {
    switch state {
    case .queued: .faint
    case .running: .cyan
    case .succeeded: .green
    case .failed: .red
    case .cancelled: .yellow
    }
  }

  static func state(_ state: TaskState) -> Table.Cell {
    let style: Style =
      switch state {
      case .blocked, .ready: .faint
      case .running: .cyan
      case .succeeded: .green
      case .failed: .red
      case .cancelled: .yellow
      }
    return Table.Cell(state.rawValue, style)
  }

  /// "120/640 images", or the share of tasks that are done where no progress is known.
  static func progress(_ job: JobRecord) -> String {
    if let progress = job.progress { return self.progress(progress) }
    return "\(job.tasks.succeeded)/\(job.tasks.total) tasks"
  }

  static func progress(_ progress: TaskProgress) -> String {
    let done = number(progress.done)
    guard let total = progress.total else { return "\(done) \(progress.unit)" }
    return "\(done)/\(number(total)) \(progress.unit)"
  }

  /// Seconds a job has run, or ran.
  static func runningTime(_ job: JobRecord, now: Double) -> String {
    guard let started = job.startedAt else { return "" }
    return Format.duration(max(0, (job.finishedAt ?? now) - started))
  }

  /// The line that a watched job shows: state, bar, measurements, time left.
  /// - Parameter rate: units per second, as measured; nil before there is a measure.
  static func live(_ job: JobRecord, rate: Double?) -> String {
    var text = "job \(job.id) \(job.spec.kind.rawValue)  "
    if job.state == .queued { return text + "queued" }
    guard let progress = job.progress, let total = progress.total, total > 0 else {
      return text + "\(job.state.rawValue)  \(self.progress(job))"
    }
    text += "\(ProgressLine.bar(progress.done / total)) \(self.progress(progress))"
    for name in progress.metrics.keys.sorted() where name != "rate" {
      if let value = progress.metrics[name] { text += "  \(name) \(Format.fixed(value, 3))" }
    }
    if let rate = progress.metrics["rate"] ?? rate, rate > 0 {
      text += "  \(Format.rate(rate))"
      if progress.done < total { text += "  \(Format.duration((total - progress.done) / rate)) left" }
    }
    return text
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? Format.count(Int(value)) : Format.fixed(value, 1)
  }
}
