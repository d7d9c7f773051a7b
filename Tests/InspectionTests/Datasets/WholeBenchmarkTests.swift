import Inspection
import OrderedJSON
import Testing

/// An index of the published benchmark's size: the acceptance test of the loader on a real copy, without its pictures.
@Suite("An index as large as the benchmark's")
struct WholeBenchmarkTests {
  private static let classes = ["DS-MVTec": 15, "MVTec-LOCO": 5, "VisA": 12, "GoodsAD": 6]

  private static func question(_ type: QuestionType, answer: String) -> JSON {
    [
      "Question": .string("\(type.rawValue)?"), "Answer": .string(answer),
      "Options": ["A": "Yes.", "B": "No."], "type": .string(type.rawValue), "annotation": true,
    ]
  }

  private static func index() -> JSON {
    var records: [JSON.Member] = []
    for row in MMADTotals.rows {
      let classes = Self.classes[row.dataset] ?? 1
      var others = row.others
      for number in 0..<(row.normal + row.abnormal) {
        let normal = number < row.normal
        var questions = [question(.anomalyDetection, answer: normal ? "B" : "A")]
        // Every picture takes its share of what is left, so that all are given out.
        let left = row.normal + row.abnormal - number
        for place in others.indices {
          let share = (others[place] + left - 1) / left
          let type = QuestionType.allCases[place + 1]
          questions += Array(repeating: question(type, answer: "A"), count: share)
          others[place] -= share
        }
        records.append(
          .init(
            "\(row.dataset)/class\(number % classes)/test/\(normal ? "good" : "bad")/\(number).png",
            ["mask_path": "", "conversation": .array(questions)]))
      }
    }
    for number in 0..<(MMADTotals.images - records.count) {
      records.append(.init("VisA/class0/test/bad/silent\(number).png", ["conversation": []]))
    }
    return .object(records)
  }

  @Test("all numbers of a copy agree with the published ones, and one question less is told")
  func totals() throws {
    let folder = try Miniature()
    try folder.write(Self.index().serializedBytes(), to: "mmad.json")
    let dataset = try MMADDataset(root: folder.root, requiringImages: false)
    let comparisons = MMADTotals.comparisons(of: dataset.samples)
    #expect(comparisons.count == 4 * 8 + 3)
    #expect(comparisons.filter { !$0.agrees }.isEmpty)
    #expect(dataset.questionCount == 39_672)
    let short = MMADTotals.comparisons(of: Array(dataset.samples.dropFirst()))
    #expect(short.first?.agrees == false && short.last?.agrees == true)
  }
}
