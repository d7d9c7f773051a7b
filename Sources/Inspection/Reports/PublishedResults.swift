/// A table of the paper with a place for one's own row. All values are percentages.
public struct PublishedTable: Sendable {
  public struct Row: Sendable {
    public let name: String
    /// One per column; `nil` where nothing was measured.
    public let values: [Double?]

    init(_ name: String, _ values: [Double?]) {
      self.name = name
      self.values = values
    }
  }

  /// Which table, and what it shows.
  public let title: String
  public let columns: [String]
  public let rows: [Row]
}

/// What the paper reports in its Tables 2 to 5.
public enum PublishedResults {
  static let datasets = ["DS-MVTec", "MVTec-LOCO", "VisA", "GoodsAD"]
  static let categories3D = [
    "foam", "cookie", "rope", "peach", "tire", "potato", "bagel", "carrot", "dowel", "cable_gland",
  ]

  /// Table 2: MMAD by type of question, one reference picture.
  public static let questionTypes = PublishedTable(
    title: "paper, Table 2: accuracy by type of question, macro average over the data sets",
    columns: QuestionType.allCases.map(\.rawValue) + ["Average"],
    rows: [
      .init("Random chance", [50.00, 25.00, 25.00, 25.00, 25.00, 25.00, 25.00, 28.57]),
      .init("Human (expert)", [95.24, 75.00, 92.31, 83.33, 94.20, 86.11, 80.37, 86.65]),
      .init("Human (ordinary)", [86.90, 66.25, 85.58, 71.25, 81.52, 89.58, 69.72, 78.69]),
      .init("Claude-3.5-sonnet", [60.14, 60.14, 48.81, 67.13, 79.11, 85.19, 79.83, 68.36]),
      .init("Gemini-1.5-flash", [58.58, 54.70, 49.10, 66.53, 82.24, 91.47, 79.71, 68.90]),
      .init("Gemini-1.5-pro", [68.63, 60.12, 58.56, 70.38, 82.46, 89.20, 82.25, 73.09]),
      .init("GPT-4o-mini", [64.33, 48.58, 38.75, 63.68, 80.40, 88.56, 79.74, 66.29]),
      .init("GPT-4o", [68.63, 65.80, 55.62, 73.21, 83.41, 94.98, 82.80, 74.92]),
      .init("AnomalyGPT 7B", [65.57, 27.49, 27.97, 36.86, 32.11, 29.84, 35.82, 36.52]),
      .init("Qwen-VL-Chat 7B", [53.65, 31.33, 28.62, 41.66, 63.99, 74.46, 67.94, 51.66]),
      .init("LLaVA-1.5 7B", [51.33, 37.04, 36.62, 50.60, 69.79, 68.29, 69.53, 54.74]),
      .init("Cambrian-1 8B", [55.60, 32.53, 35.39, 43.46, 49.14, 78.15, 67.22, 51.64]),
      .init("SPHINX 7B", [53.13, 33.93, 52.27, 50.96, 71.23, 85.07, 73.10, 59.96]),
      .init("LLaVA-NEXT-Interleave 7B", [57.64, 33.79, 47.72, 51.84, 67.93, 81.39, 74.91, 59.32]),
      .init("InternLM-XComposer2-VL 7B", [55.85, 41.80, 48.27, 57.52, 76.60, 74.34, 77.75, 61.73]),
      .init("LLaVA-OneVision 7B", [51.77, 46.13, 41.85, 62.19, 69.73, 90.31, 80.93, 63.27]),
      .init("MiniCPM-V2.6 8B", [57.31, 49.22, 43.28, 65.86, 75.24, 92.02, 80.80, 66.25]),
      .init("InternVL2 8B", [59.97, 43.85, 47.91, 57.60, 78.10, 74.18, 80.37, 63.14]),
      .init("LLaVA-1.5 13B", [49.96, 38.78, 46.17, 58.17, 73.09, 73.62, 70.98, 58.68]),
      .init("LLaVA-NeXT 34B", [57.92, 48.79, 52.87, 71.34, 80.28, 81.12, 77.80, 67.16]),
      .init("InternVL2 76B", [68.25, 54.22, 56.66, 66.30, 80.47, 86.40, 82.92, 70.75]),
      .init("Qwen2.5-VL 3B (base)", [51.10, 41.07, 44.87, 61.43, 75.99, 86.54, 79.58, 62.94]),
      .init("Qwen2.5-VL 3B (sft)", [53.36, 41.51, 49.73, 62.84, 75.58, 86.39, 79.58, 64.13]),
      .init("AnomalyR1 3B", [60.62, 63.56, 70.14, 80.47, 85.28, 92.48, 86.15, 76.96]),
    ])

  /// Table 3: averages by data set with retrieved references.
  public static let references = PublishedTable(
    title: "paper, Table 3: average by data set, 1 and 2 references retrieved by similarity",
    columns: datasets + ["Average"],
    rows: [
      .init("Qwen2.5-VL 3B, 1 reference", [72.03, 58.44, 63.64, 63.37, 64.37]),
      .init("Qwen2.5-VL 3B, 2 references", [71.78, 57.53, 63.27, 62.41, 63.75]),
      .init("AnomalyR1 3B", [81.99, 70.55, 76.69, 78.60, 76.96]),
    ])

  /// Table 4: MVTec3D-AD by category, no reference.
  public static let categories = PublishedTable(
    title: "paper, Table 4: average by category of MVTec3D-AD, no reference",
    columns: categories3D + ["Average"],
    rows: [
      .init(
        "Qwen2.5-VL 3B", [42.81, 59.58, 46.39, 56.01, 51.01, 55.30, 64.63, 55.78, 40.38, 52.01, 52.11]),
      .init(
        "AnomalyR1 3B", [47.81, 62.67, 46.33, 65.34, 55.24, 58.63, 65.77, 63.76, 43.03, 59.87, 56.85]),
    ])

  /// Table 5: Anomaly Detection by data set.
  public static let detection = PublishedTable(
    title: "paper, Table 5: Anomaly Detection by data set",
    columns: datasets + ["Average"],
    rows: [
      .init("Base model", [52.74, 50.05, 51.44, 50.16, 51.10]),
      .init("Classical GRPO", [60.11, 49.96, 49.95, 50.55, 52.64]),
      .init("GRPO with ROAM", [65.07, 56.30, 69.03, 52.08, 60.62]),
    ])

  /// The tables one's own numbers can stand in, each with one's own row last.
  ///
  /// Data sets are known by their names. The means over all of them are given only when all are there, and those over
  /// the types of questions only where all were asked: the paper's are of seven, and what was not asked is no 0.
  static func beside(_ table: MetricTable, categories: MetricTable) -> [PublishedTable] {
    var result: [PublishedTable] = []
    func row(_ name: String) -> MetricTable.Row? { table.rows.first { $0.dataset == name } }
    let isWhole = table.rows.count == datasets.count && datasets.allSatisfy { row($0) != nil }
    func average(_ name: String) -> Double? {
      row(name).flatMap { $0.questions.allSatisfy { $0 > 0 } ? $0.average : nil }
    }
    let averages = datasets.map(average)
    let average = isWhole && !averages.contains(nil) ? table.average.average : nil
    if isWhole {
      let cells = table.average.cells.indices.map { type -> Double? in
        table.rows.allSatisfy { $0.questions[type] > 0 } ? table.average.cells[type] : nil
      }
      result.append(with(questionTypes, cells + [average]))
    }
    if averages.contains(where: { $0 != nil }) { result.append(with(references, averages + [average])) }
    let detected = datasets.map { name in
      row(name).flatMap { ($0.questions.first ?? 0) > 0 ? $0.cells[0] : nil }
    }
    if detected.contains(where: { $0 != nil }) {
      result.append(
        with(detection, detected + [isWhole && !detected.contains(nil) ? table.average.cells[0] : nil]))
    }
    let measured = categories3D.map { name in
      categories.rows.first { $0.dataset == "MVTec3D-AD/\(name)" }?.averageOfAsked
    }
    let known = measured.compactMap { $0 }
    if !known.isEmpty {
      let isAll = known.count == categories3D.count
      result.append(
        with(Self.categories, measured + [isAll ? known.reduce(0, +) / Double(known.count) : nil]))
    }
    return result
  }

  private static func with(_ table: PublishedTable, _ own: [Double?]) -> PublishedTable {
    PublishedTable(
      title: table.title, columns: table.columns, rows: table.rows + [.init("this run", own)])
  }
}
