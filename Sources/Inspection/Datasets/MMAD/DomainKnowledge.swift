import OrderedJSON

/// The benchmark's texts about products and their defects: `{data set: {category: {defect or "good": text}}}`.
public struct DomainKnowledge: Sendable {
  private let texts: [String: [String: String]]

  /// - Throws: ``DatasetError`` when the document has another form.
  public init(parsing bytes: [UInt8], name: String = "domain_knowledge.json") throws(DatasetError) {
    let json: JSON
    do {
      json = try JSON(parsing: bytes)
    } catch {
      throw DatasetError(message: "\(name): \(error.description)")
    }
    guard let datasets = json.members else {
      throw DatasetError(message: "\(name): the document is \(json.kind), not an object of data sets")
    }
    var texts: [String: [String: String]] = [:]
    for dataset in datasets {
      guard let categories = dataset.value.members else {
        throw DatasetError(message: "\(name): \"\(dataset.key)\" is \(dataset.value.kind), not an object")
      }
      for category in categories {
        guard let entries = category.value.members else {
          throw DatasetError(
            message:
              "\(name): \"\(dataset.key)\" / \"\(category.key)\" is \(category.value.kind), not an object")
        }
        texts[dataset.key, default: [:]][category.key] = entries.compactMap(\.value.string).joined(
          separator: "\n")
      }
    }
    self.texts = texts
  }

  /// The texts on a category in the file's order, joined with newlines. `DS-MVTec` is `MVTec` in the file.
  public func text(dataset: String, category: String) -> String? {
    texts[dataset == "DS-MVTec" ? "MVTec" : dataset]?[category]
  }
}
