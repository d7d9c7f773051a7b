import JobModel

/// The queue at a glance, as text.
enum OverviewText {
  static func text(_ overview: Overview, rates: TaskRates) -> String {
    let workers = overview.workers
    let width = Terminal.width
    let isTerminal = Terminal.outputIsTerminal
    var text =
      "\(LocalTime(overview.at).seconds)  \(workers.alive) workers, \(workers.busy) of \(workers.slots) slots busy\n"
    var labs = Table([
      .left("LAB"), .right("QUEUED"), .right("RUNNING"), .right("TASKS READY"), .right("TASKS RUNNING"),
    ])
    for lab in overview.labs {
      labs.add([
        Table.Cell(lab.lab), Table.Cell(String(lab.queuedJobs)), Table.Cell(String(lab.runningJobs)),
        Table.Cell(String(lab.readyTasks)), Table.Cell(String(lab.runningTasks)),
      ])
    }
    if !labs.isEmpty { text += "\n" + labs.rendered(forTerminal: isTerminal, width: width) }
    var devices = Table([
      .left("WORKER"), .right("GPU"), .left("NAME"), .right("USED"), .right("MEMORY"), .right("TASKS"),
    ])
    for device in overview.devices {
      devices.add([
        Table.Cell(device.worker), Table.Cell(String(device.use.index)), Table.Cell(device.name),
        Table.Cell(DeviceText.utilization(device.use)), Table.Cell(DeviceText.memory(device.use)),
        device.use.isWithheld ? Table.Cell("withheld", .yellow) : Table.Cell(String(device.use.tasks)),
      ])
    }
    if !devices.isEmpty { text += "\n" + devices.rendered(forTerminal: isTerminal, width: width) }
    var tasks = Table([
      .right("TASK"), .right("JOB"), .left("LAB"), .left("KIND"), .left("WORKER"), .right("TIME"),
      .right("DONE"), .right("RATE"), .right("LEFT"), .left("NAME"),
    ])
    for task in overview.tasks {
      let rate = rates[task.task]
      tasks.add([
        Table.Cell(String(task.task)), Table.Cell(String(task.job)), Table.Cell(task.lab),
        Table.Cell(task.kind.rawValue), Table.Cell(task.worker),
        Table.Cell(Format.duration(max(0, overview.at - task.startedAt))), Table.Cell(done(task.progress)),
        Table.Cell(rate.map { Format.rate($0) } ?? "–"), Table.Cell(left(task.progress, rate: rate)),
        Table.Cell(task.name),
      ])
    }
    if !tasks.isEmpty { text += "\n" + tasks.rendered(forTerminal: isTerminal, width: width) }
    return text
  }

  private static func done(_ progress: TaskProgress?) -> String {
    guard let progress else { return "–" }
    let done = Format.count(progress.done)
    guard let total = progress.total else { return "\(done) \(progress.unit)" }
    return "\(done)/\(Format.count(total)) \(progress.unit)"
  }

  private static func left(_ progress: TaskProgress?, rate: Double?) -> String {
    guard let rate, rate > 0, let total = progress?.total, let done = progress?.done, total > done else {
      return "–"
    }
    return Format.duration((total - done) / rate)
  }
}
