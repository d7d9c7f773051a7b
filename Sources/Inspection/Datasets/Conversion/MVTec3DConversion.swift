import FoundationEssentials
import Images
import OrderedJSON

/// Brings MVTec3D-AD into MMAD's format, as the paper does for its generalisation study (section 4.6): of each test
/// picture it is asked whether there is a defect and what product it shows, of defective ones also what kind of defect it
/// is and where. Height maps are not used. The same seed gives the same questions, whatever else is converted.
public struct MVTec3DConversion: Sendable {
  /// Defective pictures whose defect is spread over so much of the picture that no one place is right.
  public private(set) var withoutPlace: [String] = []
  /// By type in the order of `QuestionType.allCases`.
  public private(set) var questions: [(type: QuestionType, count: Int)] = []
  public private(set) var images = 0

  /// Options of a question, as in most of MMAD's.
  private static let optionCount = 4
  /// References listed for each picture.
  private static let referenceCount = 8

  /// Writes `output/mmad.json` and a link `output/MVTec3D-AD` to the pictures.
  ///
  /// - Throws: ``DatasetError`` for a source that is none, a mask that cannot be read, or a folder that cannot be
  ///   written.
  public init(source: String, output: String, seed: UInt64) throws(DatasetError) {
    let layout = MVTec3D()
    let source = URL(filePath: source).standardizedFileURL.path
    guard try layout.recognises(source), try !DatasetFolder(path: source).hasFolder("test") else {
      throw DatasetError(message: "\(source) is no copy of MVTec3D-AD: no folder of the form \(layout.form)")
    }
    let dataset = try layout.read(source)
    var records: [JSON.Member] = []
    var counts: [QuestionType: Int] = [:]
    let kinds = Self.kinds(dataset)
    for picture in dataset.pictures where picture.split == .test {
      let made = try Self.questions(on: picture, dataset, kinds: kinds, seed: seed)
      if picture.isDefective, !made.contains(where: { $0.type == .defectLocalization }) {
        withoutPlace.append(picture.name)
      }
      for question in made { counts[question.type, default: 0] += 1 }
      records.append(.init(picture.name, Self.record(picture, made, dataset, source: source, seed: seed)))
    }
    images = records.count
    questions = QuestionType.allCases.compactMap { type in counts[type].map { (type, $0) } }
    do {
      let files = FileManager.default
      try files.createDirectory(atPath: output, withIntermediateDirectories: true)
      let link = DatasetFolder.joined(output, dataset.title)
      if (try? files.destinationOfSymbolicLink(atPath: link)) != nil { try files.removeItem(atPath: link) }
      try files.createSymbolicLink(atPath: link, withDestinationPath: source)
      try Data(JSON.object(records).serializedBytes(pretty: true)).write(
        to: URL(filePath: DatasetFolder.joined(output, "mmad.json")), options: .atomic)
    } catch {
      throw DatasetError(message: "\(output): the data set cannot be written: \(error)")
    }
  }

  /// The kinds of defects of each category, as the folders name them.
  private static func kinds(_ dataset: Dataset) -> [String: [String]] {
    var kinds: [String: Set<String>] = [:]
    for picture in dataset.pictures {
      if case .defective(let kind) = picture.state { kinds[picture.category, default: []].insert(kind) }
    }
    return kinds.mapValues { $0.sorted() }
  }

  private static func questions(
    on picture: LabelledPicture, _ dataset: Dataset, kinds: [String: [String]], seed: UInt64
  ) throws(DatasetError) -> [InspectionQuestion] {
    var random = SeededRandom(seed: seed, name: "mvtec3d/\(picture.name)", index: 0)
    var questions = [
      InspectionQuestion(
        text: InspectionQuestion.anomalyDetection.text, options: InspectionQuestion.anomalyDetection.options,
        answer: picture.isDefective ? "A" : "B", type: .anomalyDetection)
    ]
    if case .defective(let kind) = picture.state {
      let own = kinds[picture.category] ?? []
      let others = Set(kinds.values.joined()).subtracting(own).sorted()
      questions.append(
        question(
          "There is a defect in the object. What is the type of the defect?", .defectClassification,
          right: sentence(kind),
          wrong: random.shuffled(own.filter { $0 != kind }).map(sentence)
            + random.shuffled(others).map(sentence), &random))
      let mask: DefectMask
      do {
        mask = try DefectMask(paths: picture.maskPaths)
      } catch {
        throw DatasetError(message: "\(picture.name): its mask cannot be used: \(error)")
      }
      if let cells = DefectLocation.cells(of: mask) {
        questions.append(
          question(
            "There is a defect in the object. Where is the defect?", .defectLocalization,
            right: DefectLocation.option(cells.right),
            wrong: random.shuffled(cells.wrong).map(DefectLocation.option), &random))
      }
    }
    questions.append(
      question(
        "What kind of product is in the image?", .objectClassification, right: sentence(picture.category),
        wrong: random.shuffled(dataset.categories.filter { $0 != picture.category }).map(sentence), &random))
    return questions
  }

  private static func question(
    _ text: String, _ type: QuestionType, right: String, wrong: [String], _ random: inout SeededRandom
  ) -> InspectionQuestion {
    let options = AnswerOption.lettered(random.shuffled([right] + wrong.prefix(optionCount - 1)))
    return InspectionQuestion(
      text: text, options: options, answer: options.first { $0.text == right }?.letter, type: type)
  }

  /// A folder's name as an option: `cable_gland` is "Cable gland."
  private static func sentence(_ name: String) -> String {
    let words = name.split(separator: "_").joined(separator: " ")
    return words.prefix(1).uppercased() + words.dropFirst() + "."
  }

  private static func record(
    _ picture: LabelledPicture, _ questions: [InspectionQuestion], _ dataset: Dataset, source: String,
    seed: UInt64
  ) -> JSON {
    /// What follows the source's folder in a path.
    func relative(_ path: String) -> String { String(path.dropFirst(source.count + 1)) }
    let good = dataset.pictures.filter {
      $0.split == .train && $0.category == picture.category
    }
    var random = SeededRandom(seed: seed, name: "references/\(picture.name)", index: 0)
    let references = random.shuffled(good).prefix(referenceCount)
    let withoutCategory = { (path: String) in String(relative(path).dropFirst(picture.category.count + 1)) }
    return MMADRecord(
      imagePath: withoutCategory(picture.imagePath), maskPath: picture.maskPaths.first.map(withoutCategory),
      templates: references.map(\.name), questions: questions
    ).json
  }
}
