import JobModel
import TaskExecutors
import Testing

@Suite("Measuring while training")
struct ValidationHistoryTests {
  private func history(_ values: [Double?], patience: Int?) -> ValidationHistory {
    var history = ValidationHistory(metric: .accuracy, patience: patience)
    for (index, value) in values.enumerated() {
      history.add(
        value.map { ["validation/accuracy": $0, "reward/mean": Double(index)] } ?? [:], step: index + 1)
    }
    return history
  }

  @Test("the best version is the first with the highest measure, not with the highest reward")
  func best() {
    let history = history([0.5, nil, 0.8, 0.8, 0.6], patience: nil)
    #expect(history.best?.step == 3 && history.best?.value == 0.8)
    #expect(!history.isOver)
    #expect(self.history([nil], patience: 1).best == nil)
  }

  @Test("patience counts measurements without a new best, not steps")
  func patience() {
    #expect(!history([0.5, 0.4, nil, nil], patience: 2).isOver)
    #expect(history([0.5, 0.4, nil, 0.5], patience: 2).isOver)
    #expect(!history([0.5, 0.4, 0.6, 0.5], patience: 2).isOver)
  }
}
