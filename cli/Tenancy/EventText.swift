import JobModel

/// Events as people read them.
enum EventText {
  /// The oldest first, so that the newest stands above the prompt.
  static func print(_ events: [EventRecord]) {
    guard !events.isEmpty else { return Terminal.writeError("nothing has happened\n") }
    var table = Table([
      .right("EVENT"), .left("TIME"), .left("LAB"), .left("WHO"), .right("JOB"), .right("TASK"),
      .left("WHAT"), .left("WHY"),
    ])
    for event in events.reversed() {
      table.add([
        Table.Cell(String(event.id)), Table.Cell(Format.time(event.at)), Table.Cell(event.lab ?? ""),
        Table.Cell(event.user ?? ""), Table.Cell(event.job.map { "\($0)" } ?? ""),
        Table.Cell(event.task.map { "\($0)" } ?? ""), Table.Cell(event.kind, style(event.kind)),
        Table.Cell(event.message),
      ])
    }
    table.print()
  }

  /// One event on one line, for following.
  static func line(_ event: EventRecord) -> String {
    let place = event.job.map { "job \($0)" + (event.task.map { " task \($0)" } ?? "") } ?? ""
    let who = event.user.map { "  \(ShownText.of($0))" } ?? ""
    let kind = style(event.kind)?(event.kind) ?? event.kind
    return
      "\(Style.faint(LocalTime(event.at).seconds))  \(place)  \(kind)\(who)  \(ShownText.of(event.message))\n"
  }

  private static func style(_ kind: String) -> Style? {
    if kind.hasSuffix("-failed") || kind.hasSuffix("-lost") { return .red }
    if kind.hasSuffix("-succeeded") { return .green }
    if kind.hasSuffix("-interrupted") || kind.hasSuffix("-cancelled") { return .yellow }
    return nil
  }
}
