import Images
import Inspection
import OrderedJSON
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite("Generated pictures")
struct GenerationPictureTests {
  @Test("the same words give the same picture, others another")
  func deterministic() {
    func picture(_ seed: UInt64, _ series: String, _ index: Int) -> [UInt8] {
      SyntheticPicture.draw(seed: seed, series: series, product: .gear, index: index, defect: .crack).image
        .pixels
    }
    #expect(picture(1, "train", 3) == picture(1, "train", 3))
    #expect(picture(1, "train", 3) != picture(2, "train", 3))
    #expect(picture(1, "train", 3) != picture(1, "train", 4))
    #expect(picture(1, "train", 3) != picture(1, "heldout", 3))
  }

  @Test("no picture of the training part is in the held-out part")
  func disjoint() {
    let dataset = SyntheticDataset(seed: 7)
    let training = Set(dataset.slots(60).map { dataset.picture($0, series: "train").image.pixels })
    let heldOut = Set(dataset.slots(60).map { dataset.picture($0, series: "heldout").image.pixels })
    #expect(training.count == 60)
    #expect(heldOut.count == 60)
    #expect(training.isDisjoint(with: heldOut))
  }

  @Test("half of the pictures are good, of every product")
  func balanced() {
    let slots = SyntheticDataset(seed: 1).slots(160)
    for product in SyntheticProduct.demonstration {
      let own = slots.filter { $0.product == product }
      #expect(own.count == 40)
      #expect(own.count { $0.defect == nil } == 20)
    }
  }

  @Test("the mask marks the defect and nothing else changes its place", arguments: SyntheticDefect.allCases)
  func masks(kind: SyntheticDefect) throws {
    for product in SyntheticProduct.allCases {
      let picture = SyntheticPicture.draw(seed: 3, series: "masks", product: product, index: 0, defect: kind)
      let marked = stride(from: 0, to: picture.mask.pixels.count, by: 3).filter {
        picture.mask.pixels[$0] == 255
      }
      #expect(marked.count >= 36)
      #expect(marked.count < picture.mask.pixels.count / 3 / 6)
      // The named third of the picture holds the centre of the marked pixels.
      let side = SyntheticPicture.side
      let row = marked.map { $0 / 3 / side }.reduce(0, +) / marked.count
      let column = marked.map { $0 / 3 % side }.reduce(0, +) / marked.count
      let location = try #require(picture.location)
      #expect(SyntheticPicture.locations[row / 28 * 3 + column / 28] == location)
    }
  }

  @Test("one number about a picture does not tell good from defective")
  func notTrivial() {
    let dataset = SyntheticDataset(seed: 5)
    let pictures = dataset.slots(240).map { dataset.picture($0, series: "heldout") }
    let good = pictures.map(\.isGood)
    let brightness = pictures.map { Statistics($0.image).mean }
    let variance = pictures.map { Statistics($0.image).variance }
    let edges = pictures.map { Statistics($0.image).edges }
    for (name, values) in [("brightness", brightness), ("variance", variance), ("edges", edges)] {
      let best = bestThreshold(values, good)
      #expect(best < 0.7, "\(name) alone reaches \(best)")
    }
  }

  /// The best balanced accuracy any threshold in either direction reaches.
  private func bestThreshold(_ values: [Double], _ good: [Bool]) -> Double {
    let goods = Double(good.count { $0 })
    let bads = Double(good.count) - goods
    var best = 0.5
    for threshold in values {
      var above = (good: 0.0, bad: 0.0)
      for (value, isGood) in zip(values, good) where value > threshold {
        if isGood { above.good += 1 } else { above.bad += 1 }
      }
      let balanced = (above.bad / bads + 1 - above.good / goods) / 2
      best = max(best, balanced, 1 - balanced)
    }
    return best
  }

  private struct Statistics {
    let mean, variance, edges: Double

    init(_ image: RGBImage) {
      let values = image.pixels.map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      self.mean = mean
      variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      edges = zip(values.dropFirst(3), values).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
  }
}

@Suite("Generated data set")
struct GenerationDatasetTests {
  private func withDataset(_ body: (String, SyntheticDataset.Contents) throws -> Void) throws {
    let root =
      FileManager.default.temporaryDirectory.path + "/generation-\(UInt64.random(in: 0...UInt64.max))"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let dataset = SyntheticDataset(seed: 11, trainingPictures: 40, heldOutPictures: 40, inboxPictures: 8)
    try body(root, try dataset.write(to: root))
  }

  @Test("it loads as MMAD with every question type, its masks and templates in place")
  func loads() throws {
    try withDataset { _, contents in
      let loaded = try MMADDataset(root: contents.heldOut)
      #expect(loaded.samples.count == 40)
      #expect(loaded.samples.count { $0.isNormal } == 20)
      let types = Set(loaded.samples.flatMap { $0.questions.map(\.type) })
      #expect(types == Set(QuestionType.allCases))
      for sample in loaded.samples {
        let image = try ImageFile.decode(path: sample.imagePath)
        #expect(image.width == SyntheticPicture.side)
        #expect((sample.maskPath == nil) == sample.isNormal)
        if let mask = sample.maskPath { #expect(try ImageFile.decode(path: mask).pixels.contains(255)) }
        for template in sample.randomTemplates { #expect(FileManager.default.fileExists(atPath: template)) }
      }
      #expect(loaded.samples.contains { $0.imagePath.hasSuffix(".jpg") })
    }
  }

  @Test("right answers are spread over the letters, and detection keeps the benchmark's order")
  func letters() {
    let dataset = SyntheticDataset(seed: 2)
    var counts: [String: Int] = [:]
    for slot in dataset.slots(200) {
      var random = SeededRandom(seed: 2, name: "q", index: slot.index)
      let questions = dataset.picture(slot, series: "train").questions(&random, among: dataset.products)
      #expect(questions[0].options == ["Yes.", "No."])
      #expect(questions[0].answerLetter == (slot.defect == nil ? "B" : "A"))
      for question in questions.dropFirst() { counts[question.answerLetter, default: 0] += 1 }
    }
    let total = Double(counts.values.reduce(0, +))
    for letter in ["A", "B", "C", "D"] {
      #expect(abs(Double(counts[letter, default: 0]) / total - 0.25) < 0.06)
    }
  }

  @Test("the inbox mixes good and defective parts and holds one broken file")
  func inbox() throws {
    try withDataset { _, contents in
      let names = try FileManager.default.contentsOfDirectory(atPath: contents.inbox).sorted()
      #expect(names.count == 9)
      let broken = names.filter { (try? ImageFile.decode(path: "\(contents.inbox)/\($0)")) == nil }
      #expect(broken == ["part-008-broken.png"])
      #expect(FileManager.default.fileExists(atPath: contents.inboxReference))
    }
  }
}

@Suite("Lessons of a base model")
struct GenerationSpeechTests {
  private let corpus = SpeechCorpus(seed: 4)

  @Test("no lesson shows a product of the demonstration")
  func otherProducts() {
    #expect(Set(SyntheticProduct.demonstration).isDisjoint(with: SyntheticProduct.others))
    #expect((0..<64).allSatisfy { corpus.products.contains(corpus.picture($0).product) })
  }

  @Test("a conclusion on a detection question tells nothing about the picture")
  func conclusionsByLot() throws {
    var concludedDefect = (good: 0, bad: 0)
    var count = (good: 0, bad: 0)
    var agreeing = 0
    for index in 0..<800 {
      let lesson = corpus.answer(about: corpus.picture(index), index: index)
      guard let question = lesson.question, question.type == .anomalyDetection else { continue }
      let outcome = try ROAMReward().score(reply: lesson.reply, target: RewardTarget(question: question))
      let conclusion = try #require(outcome.conclusion)
      let saysDefect = question.options.first { $0.letter == conclusion }?.text == "Yes."
      if lesson.picture.isGood {
        count.good += 1
        concludedDefect.good += saysDefect ? 1 : 0
      } else {
        count.bad += 1
        concludedDefect.bad += saysDefect ? 1 : 0
      }
      agreeing += outcome.conclusion == outcome.letter ? 1 : 0
    }
    let shares = [
      Double(concludedDefect.good) / Double(count.good), Double(concludedDefect.bad) / Double(count.bad),
    ]
    for share in shares { #expect(abs(share - 0.5) < 0.12) }
    let agreement = Double(agreeing) / Double(count.good + count.bad)
    #expect(abs(agreement - 0.5) < 0.1)
  }

  @Test("on the other questions the conclusion is the right option")
  func conclusionsRight() throws {
    for index in 0..<300 {
      let lesson = corpus.answer(about: corpus.picture(index), index: index)
      guard let question = lesson.question, question.type != .anomalyDetection else { continue }
      let outcome = try ROAMReward().score(reply: lesson.reply, target: RewardTarget(question: question))
      #expect(outcome.conclusion == question.answer, "\(lesson.reply)")
    }
  }
}
