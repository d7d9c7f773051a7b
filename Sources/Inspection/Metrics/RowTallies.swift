/// Right answers among all.
struct Tally {
  var total = 0
  var right = 0

  mutating func count(_ isRight: Bool) {
    total += 1
    if isRight { right += 1 }
  }

  static func += (a: inout Tally, b: Tally) {
    a.total += b.total
    a.right += b.right
  }

  /// 0 when empty, as the benchmark has it.
  var accuracy: Double { total == 0 ? 0 : Double(right) / Double(total) }
  /// `nil` when empty: the benchmark's table has no such number.
  var errorRate: Double? { total == 0 ? nil : 1 - accuracy }
}

/// Answers counted by row of a table and type of question.
struct RowTallies {
  struct Row {
    var types = [Tally](repeating: Tally(), count: QuestionType.allCases.count)
    var normal = Tally()
    var abnormal = Tally()

    mutating func count(type: QuestionType, isNormal: Bool, isRight: Bool) {
      guard let index = QuestionType.allCases.firstIndex(of: type) else { return }
      types[index].count(isRight)
      if type == .anomalyDetection {
        if isNormal { normal.count(isRight) } else { abnormal.count(isRight) }
      }
    }

    static func += (a: inout Row, b: Row) {
      for index in a.types.indices { a.types[index] += b.types[index] }
      a.normal += b.normal
      a.abnormal += b.abnormal
    }
  }

  private var names: [String] = []
  private var rows: [String: Row] = [:]

  mutating func add(_ name: String) {
    if rows[name] == nil {
      rows[name] = Row()
      names.append(name)
    }
  }

  mutating func add(_ row: Row, to name: String) {
    add(name)
    rows[name]? += row
  }

  mutating func count(_ name: String, type: QuestionType, isNormal: Bool, isRight: Bool) {
    add(name)
    rows[name]?.count(type: type, isNormal: isNormal, isRight: isRight)
  }

  var table: MetricTable {
    MetricTable(
      rows: names.map { name in
        let row = rows[name] ?? Row()
        var cells = row.types.map { 100 * $0.accuracy }
        cells[0] = 100 * (row.normal.accuracy + row.abnormal.accuracy) / 2
        return MetricTable.Row(
          dataset: name, cells: cells, overkill: row.normal.errorRate.map { 100 * $0 },
          miss: row.abnormal.errorRate.map { 100 * $0 }, questions: row.types.map(\.total))
      })
  }
}
