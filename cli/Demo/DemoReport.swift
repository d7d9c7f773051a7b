/// What the demonstration ends with.
struct DemoReport {
  let summary: DemoSummary
  let root: String

  var text: String {
    var table = Table([.left("Question type"), .right("before"), .right("after")])
    for (type, before) in summary.before.accuracy {
      let after = summary.after[type]
      let style: Style? = after.map { $0 > before + 0.02 ? .green : $0 < before - 0.02 ? .red : nil } ?? nil
      table.add([
        Table.Cell(type), Table.Cell(Format.percent(before)),
        Table.Cell(after.map { Format.percent($0) } ?? "–", style),
      ])
    }
    table.add([
      "Reasoning concludes on the answer", Table.Cell(Format.percent(summary.before.agreement)),
      Table.Cell(Format.percent(summary.after.agreement)),
    ])
    // Wide numbers read well in a file too, so the table is drawn the same way everywhere.
    var text = "\n" + table.rendered(forTerminal: true, width: Terminal.width) + "\n"
    text += Curve.plot(summary.rewards, title: "mean reward per step (ROAM)") + "\n"
    text += "\(Format.count(summary.steps)) steps in \(Format.duration(summary.seconds.training)), "
    text += "\(summary.images) pictures scored at \(Format.rate(summary.imagesPerSecond)), "
    text += "all in \(Format.duration(summary.seconds.total))\n\n"
    let places: [(String, String)] = [
      ("The report before", "cat \(root)/eval-before/report.txt"),
      ("The report after", "cat \(root)/eval-after/report.txt"),
      ("Every answer", "less \(root)/eval-after/answers.json"),
      ("The trained model", "ar1 model inspect \(root)/train/model"),
      ("The scored pictures", "xdg-open \(root)/scores/report.html"),
      ("Numbers for programs", "cat \(root)/summary.json"),
    ]
    for (what, command) in places {
      text += what + String(repeating: " ", count: max(1, 22 - what.count)) + Style.faint(command) + "\n"
    }
    return text
  }
}
