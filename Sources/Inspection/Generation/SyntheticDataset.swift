import Images
import OrderedJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A small inspection data set in MMAD's layout, drawn by the program itself.
///
/// Under one root it writes two MMAD roots with different pictures, `train` and `heldout`, and an `inbox`:
/// a plain folder as a camera would leave it, with good and defective products and one broken file.
/// Everything follows from the seed.
public struct SyntheticDataset: Sendable {
  /// The benchmark's name for the data set's pictures.
  public static let name = "DS-Demo"
  /// The folder of good products that serve as references.
  public static let templates = "Demo-AD"

  public var seed: UInt64
  public var products: [SyntheticProduct]
  /// Pictures in the training part, half of them of good products.
  public var trainingPictures: Int
  /// Pictures in the held-out part, half of them of good products.
  public var heldOutPictures: Int
  /// Readable pictures in the inbox.
  public var inboxPictures: Int
  /// Reference pictures of each product.
  public var templatePictures = 4

  public init(
    seed: UInt64, products: [SyntheticProduct] = SyntheticProduct.demonstration,
    trainingPictures: Int = 480, heldOutPictures: Int = 160, inboxPictures: Int = 32
  ) {
    self.seed = seed
    self.products = products
    self.trainingPictures = trainingPictures
    self.heldOutPictures = heldOutPictures
    self.inboxPictures = inboxPictures
  }

  /// What was written, as paths.
  public struct Contents: Sendable {
    /// MMAD roots.
    public let training, heldOut: String
    /// The plain folder, and a good product's picture to compare its pictures with.
    public let inbox, inboxReference: String
    /// The truth about the inbox: lines `file,good|defect kind`.
    public let inboxTruth: String
    public let questions: (training: Int, heldOut: Int)
  }

  /// Writes the data set under `root`, which is created when absent.
  ///
  /// - Throws: what the file system reports when a file cannot be written.
  @discardableResult
  public func write(to root: String) throws -> Contents {
    let training = try writePart("train", pictures: trainingPictures, root: root)
    let heldOut = try writePart("heldout", pictures: heldOutPictures, root: root)
    try writeInbox(root: root)
    return Contents(
      training: "\(root)/train", heldOut: "\(root)/heldout", inbox: "\(root)/inbox",
      inboxReference: "\(root)/inbox-reference.png", inboxTruth: "\(root)/inbox-truth.csv",
      questions: (training, heldOut))
  }

  // MARK: MMAD roots

  /// One picture of a part: which product, and its defect if any.
  package struct Slot: Sendable {
    package let product: SyntheticProduct
    package let index: Int
    package let defect: SyntheticDefect?
  }

  /// The pictures of a part: products in turn, every other one of each product defective, kinds in turn.
  package func slots(_ count: Int) -> [Slot] {
    (0..<count).map { i in
      let turn = i / products.count
      let kinds = SyntheticDefect.allCases
      return Slot(
        product: products[i % products.count], index: i,
        defect: turn % 2 == 0 ? nil : kinds[turn / 2 % kinds.count])
    }
  }

  package func picture(_ slot: Slot, series: String) -> SyntheticPicture {
    .draw(
      seed: seed, series: series, product: slot.product, index: slot.index, defect: slot.defect)
  }

  private func writePart(_ series: String, pictures: Int, root: String) throws -> Int {
    let part = "\(root)/\(series)"
    try writeTemplates(series, part: part)
    var records: [JSON.Member] = []
    var numbers: [String: Int] = [:]
    var questionCount = 0
    for slot in slots(pictures) {
      let picture = picture(slot, series: series)
      let folder = slot.defect?.rawValue ?? "good"
      let number = numbers["\(slot.product)/\(folder)", default: 0]
      numbers["\(slot.product)/\(folder)"] = number + 1
      let name = padded(number)
      let category = "\(Self.name)/\(slot.product.rawValue)"
      let jpeg = Self.storedAsJPEG(slot.product)
      let imagePath = "image/\(folder)/\(name).\(jpeg ? "jpg" : "png")"
      try write(
        jpeg ? picture.image.jpeg(quality: 95) : picture.image.png(),
        to: "\(part)/\(category)/\(imagePath)")
      var maskPath = ""
      if slot.defect != nil {
        maskPath = "rbg_mask/\(folder)/\(name)_rbg_mask.png"
        try write(picture.mask.png(), to: "\(part)/\(category)/\(maskPath)")
      }
      var random = SeededRandom(
        seed: seed, name: "questions/\(series)/\(slot.product.rawValue)", index: slot.index)
      let questions = picture.questions(&random, among: products)
      questionCount += questions.count
      let templates = (0..<templatePictures).map {
        "\(Self.templates)/\(slot.product.rawValue)/train/good/\(padded($0)).png"
      }
      records.append(
        JSON.Member(
          "\(category)/\(imagePath)",
          [
            "image_path": .string(imagePath), "mask_path": .string(maskPath),
            "similar_templates": .array(templates.map(JSON.string)),
            "random_templates": .array(random.shuffled(templates).map(JSON.string)),
            "conversation": .array(questions.map(Self.record)),
          ]))
    }
    try write(
      JSON.object(records).serializedBytes(pretty: true), to: "\(part)/mmad.json")
    try write(domainKnowledge().serializedBytes(pretty: true), to: "\(part)/domain_knowledge.json")
    return questionCount
  }

  /// Pictures of this class are stored as JPEG, as some of the benchmark's are.
  static func storedAsJPEG(_ product: SyntheticProduct) -> Bool { product == .bracket }

  private static func record(_ question: SyntheticQuestion) -> JSON {
    [
      "Question": .string(question.text), "Answer": .string(question.answerLetter),
      "Options": .object(
        question.options.enumerated().map {
          JSON.Member(SyntheticQuestion.letter($0.offset), .string($0.element))
        }),
      "type": .string(question.type), "annotation": true,
    ]
  }

  private func writeTemplates(_ series: String, part: String) throws {
    for product in products {
      for number in 0..<templatePictures {
        let good = SyntheticPicture.draw(
          seed: seed, series: "\(series)/templates", product: product, index: number, defect: nil)
        try write(
          good.image.png(),
          to: "\(part)/\(Self.templates)/\(product.rawValue)/train/good/\(padded(number)).png")
      }
    }
  }

  /// What an inspector should know of each product, keyed as the benchmark keys it.
  private func domainKnowledge() -> JSON {
    let categories = products.map { product in
      var members = [
        JSON.Member(
          "good", .string("A good \(product.rawValue) has an even surface and a complete edge."))
      ]
      for defect in SyntheticDefect.allCases {
        members.append(
          JSON.Member(defect.rawValue, .string("\(defect.option) \(defect.look) \(defect.effect)")))
      }
      return JSON.Member(product.rawValue, .object(members))
    }
    return .object([JSON.Member(Self.name, .object(categories))])
  }

  // MARK: Inbox

  /// Pictures of the last product, numbered without regard to their state, and a file that is no picture.
  private func writeInbox(root: String) throws {
    guard let product = products.last else { return }
    var truth = "file,state\n"
    var random = SeededRandom(seed: seed, name: "inbox", index: 0)
    let kinds = SyntheticDefect.allCases
    let states: [SyntheticDefect?] = random.shuffled(
      (0..<inboxPictures).map { $0 % 2 == 0 ? nil : kinds[$0 / 2 % kinds.count] })
    for (number, defect) in states.enumerated() {
      let picture = SyntheticPicture.draw(
        seed: seed, series: "inbox", product: product, index: number, defect: defect)
      let jpeg = number % 4 == 3
      let name = "part-\(padded(number)).\(jpeg ? "jpg" : "png")"
      try write(
        jpeg ? picture.image.jpeg(quality: 95) : picture.image.png(), to: "\(root)/inbox/\(name)")
      truth += "\(name),\(defect?.rawValue ?? "good")\n"
    }
    // A picture whose transfer broke off.
    let whole = try SyntheticPicture.draw(
      seed: seed, series: "inbox", product: product, index: inboxPictures, defect: nil
    ).image.png()
    try write(
      Array(whole.prefix(whole.count / 3)),
      to: "\(root)/inbox/part-\(padded(inboxPictures))-broken.png")
    let reference = SyntheticPicture.draw(
      seed: seed, series: "inbox/reference", product: product, index: 0, defect: nil)
    try write(reference.image.png(), to: "\(root)/inbox-reference.png")
    try write(Array(truth.utf8), to: "\(root)/inbox-truth.csv")
  }

  // MARK: Files

  private func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    try FileManager.default.createDirectory(
      atPath: folder.joined(separator: "/"), withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}
