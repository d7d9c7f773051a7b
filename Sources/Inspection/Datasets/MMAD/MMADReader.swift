import FoundationEssentials
import OrderedJSON

/// Turns `mmad.json` into samples and keeps account of what the disk lacks.
struct MMADReader {
  let root: String
  private(set) var missingTemplates: [String] = []
  private(set) var missingMasks: [String] = []
  private var existing: [String: Bool] = [:]

  init(root: String) { self.root = root }

  static func joined(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  /// Whether a file exists; each path is asked once.
  mutating func exists(_ path: String) throws(DatasetError) -> Bool {
    if let known = existing[path] { return known }
    let answer = try DatasetFolder.exists(path)
    existing[path] = answer
    return answer
  }

  mutating func samples(indexPath: String, datasets: [String]?) throws(DatasetError) -> [InspectionSample] {
    guard let data = FileManager.default.contents(atPath: indexPath) else {
      throw DatasetError(
        message:
          "\(indexPath): no such file, or it cannot be read; the folder of a data set in MMAD's layout "
          + "holds mmad.json")
    }
    let json: JSON
    do {
      json = try JSON(parsing: [UInt8](data))
    } catch {
      throw DatasetError(message: "\(indexPath): \(error.description)")
    }
    guard let records = json.members else {
      throw DatasetError(
        message: "\(indexPath): the document is \(json.kind), not an object keyed by image path")
    }
    let wanted = datasets.map(Set.init)
    var result: [InspectionSample] = []
    result.reserveCapacity(records.count)
    for record in records {
      if let wanted, !wanted.contains(String(record.key.prefix { $0 != "/" })) { continue }
      do {
        result.append(try sample(record.key, record.value))
      } catch {
        throw DatasetError(message: "\(indexPath): record \"\(record.key)\": \(error.message)")
      }
    }
    return result
  }

  private mutating func sample(_ name: String, _ record: JSON) throws(DatasetError) -> InspectionSample {
    try MMADReader.checkRelative(name)
    guard name.split(separator: "/").count >= 3 else {
      throw DatasetError(message: "the key is not a path of the form data set/category/…/image")
    }
    guard let members = record.members else {
      throw DatasetError(message: "it is \(record.kind), not an object")
    }
    guard let conversation = members.first(where: { $0.key.hasPrefix("conversation") }) else {
      throw DatasetError(message: "no key starts with \"conversation\"")
    }
    guard let entries = conversation.value.array else {
      throw DatasetError(message: "\"\(conversation.key)\" is \(conversation.value.kind), not a list")
    }
    var questions: [InspectionQuestion] = []
    for (index, entry) in entries.enumerated() {
      do {
        questions.append(try MMADReader.question(entry))
      } catch {
        throw DatasetError(message: "question \(index + 1): \(error.message)")
      }
    }
    let random = try templates("random_templates", record)
    let similar = try templates("similar_templates", record)
    let components = name.split(separator: "/", maxSplits: 2)
    let mask = try maskPath(record["mask_path"], folder: "\(components[0])/\(components[1])", name: name)
    return InspectionSample(
      name: name, imagePath: MMADReader.joined(root, name), maskPath: mask, randomTemplates: random,
      similarTemplates: similar, questions: questions,
      statedNormal: try MMADReader.stated(record["normal"], name))
  }

  /// What the record says of the picture's state, where that is not what the benchmark's rule makes of its name.
  private static func stated(_ value: JSON?, _ name: String) throws(DatasetError) -> Bool? {
    guard let value, !value.isNull else { return nil }
    guard let normal = value.bool else {
      throw DatasetError(message: "\"normal\" is \(value.kind), neither true nor false")
    }
    return normal == InspectionSample.isNormal(name) ? nil : normal
  }

  static func question(_ entry: JSON) throws(DatasetError) -> InspectionQuestion {
    func text(_ key: String) throws(DatasetError) -> String {
      guard let value = entry[key] else { throw DatasetError(message: "it lacks \"\(key)\"") }
      guard let text = value.string else {
        throw DatasetError(message: "\"\(key)\" is \(value.kind), not a string")
      }
      return text
    }
    let published = try text("type")
    guard let type = QuestionType(published: published) else {
      throw DatasetError(
        message: "unknown type \"\(published)\"; known are "
          + QuestionType.publishedNames.joined(separator: ", "))
    }
    guard let members = entry["Options"]?.members, !members.isEmpty, members.count <= 26 else {
      throw DatasetError(message: "\"Options\" must be an object of 1 to 26 options")
    }
    var texts: [String] = []
    for member in members {
      guard let text = member.value.string else {
        throw DatasetError(message: "option \(member.key) is \(member.value.kind), not a string")
      }
      texts.append(text)
    }
    let answer = try text("Answer")
    guard let position = members.firstIndex(where: { $0.key == answer }) else {
      throw DatasetError(
        message: "the answer \"\(answer)\" is not among the options "
          + members.map(\.key).joined(separator: ", "))
    }
    let options = AnswerOption.lettered(texts)
    return InspectionQuestion(
      text: try text("Question"), options: options, answer: options[position].letter, type: type,
      publishedType: published)
  }

  /// Paths of the listed reference pictures that exist; an absent list is an empty one.
  private mutating func templates(_ key: String, _ record: JSON) throws(DatasetError) -> [String] {
    guard let value = record[key], !value.isNull else { return [] }
    guard let entries = value.array else {
      throw DatasetError(message: "\"\(key)\" is \(value.kind), not a list")
    }
    var result: [String] = []
    for entry in entries {
      guard let name = entry.string else {
        throw DatasetError(message: "\"\(key)\" holds \(entry.kind), not only paths")
      }
      try MMADReader.checkRelative(name)
      let path = MMADReader.joined(root, name)
      let isNew = existing[path] == nil
      if try exists(path) { result.append(path) } else if isNew { missingTemplates.append(name) }
    }
    return result
  }

  /// The mask lies below `<data set>/<category>/`; its folder is spelt `rbg_mask` in some categories and
  /// `rgb_mask` in others, in the file or on the disk.
  private mutating func maskPath(_ value: JSON?, folder: String, name: String) throws(DatasetError) -> String?
  {
    guard let value, !value.isNull else { return nil }
    guard let text = value.string else {
      throw DatasetError(message: "\"mask_path\" is \(value.kind), neither a string nor null")
    }
    guard !text.isEmpty else { return nil }
    try MMADReader.checkRelative(text)
    let spellings = [
      text, MMADReader.replacing("rbg_mask", with: "rgb_mask", in: text),
      MMADReader.replacing("rgb_mask", with: "rbg_mask", in: text),
    ]
    for spelling in spellings {
      let path = MMADReader.joined(root, "\(folder)/\(spelling)")
      if try exists(path) { return path }
    }
    missingMasks.append(name)
    return nil
  }

  private static func replacing(_ word: String, with other: String, in text: String) -> String {
    var result: [UInt8] = []
    let bytes = Array(text.utf8)
    let pattern = Array(word.utf8)
    var index = 0
    while index < bytes.count {
      if bytes.withUnsafeBufferPointer({ ReplyBytes.matches(pattern, in: $0, at: index) }) {
        result += Array(other.utf8)
        index += pattern.count
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// A path from a file may not lead out of the data set's folder.
  private static func checkRelative(_ path: String) throws(DatasetError) {
    if path.isEmpty || path.hasPrefix("/") || path.split(separator: "/").contains("..") {
      throw DatasetError(message: "the path \"\(path)\" does not lie inside the data set's folder")
    }
  }
}
