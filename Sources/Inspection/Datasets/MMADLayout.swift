/// MMAD itself or any data set in its layout; see ``MMADDataset``.
public struct MMADLayout: DatasetLayout {
  public var name: String { "mmad" }
  public var form: String { "mmad.json and the pictures it names" }
  public var published: PublishedSize? { nil }

  public init() {}

  public func recognises(_ path: String) throws(DatasetError) -> Bool {
    try DatasetFolder(path: path).has("mmad.json")
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    let dataset = try MMADDataset(root: path, requiringImages: false)
    var missing: [Dataset.Shortcoming] = []
    for sample in dataset.samples where try !DatasetFolder.exists(sample.imagePath) {
      missing.append(.init(kind: .image, name: sample.name))
    }
    missing += dataset.missingMasks.map { .init(kind: .mask, name: $0) }
    missing += dataset.missingTemplates.map { .init(kind: .template, name: $0) }
    if dataset.domainKnowledge == nil {
      missing.append(.init(kind: .note, name: "domain_knowledge.json is not there"))
    }
    let uncounted = dataset.samples.reduce(0) { $0 + $1.questions.count { !$0.isCounted } }
    if let notice = InspectionQuestion.notice(uncounted: uncounted) {
      missing.append(.init(kind: .note, name: notice))
    }
    return Dataset(
      layout: name, title: "MMAD", root: path, questioned: dataset.samples, shortcomings: missing,
      domainKnowledge: dataset.domainKnowledge)
  }
}
