import FoundationEssentials
import OrderedJSON

/// A data set that can be split: its pictures, and how some of them become a data set in MMAD's layout.
///
/// Nothing is copied: pictures are links.
struct FewShotSource {
  /// The name of its layout.
  let layout: String
  /// Pictures by their names, in order.
  let names: [String]
  private let kind: Kind

  private enum Kind {
    /// With its index, whose records are kept as published.
    case published(root: String, records: [JSON.Member])
    /// Asked whether there is a defect.
    case labelled([InspectionSample])
  }

  /// - Parameter seed: decides which good pictures serve as references where the data set does not say.
  /// - Throws: ``DatasetError`` for a path that is no data set, or one whose pictures have no questions and no known
  ///   states.
  init(_ path: String, seed: UInt64) throws(DatasetError) {
    let layout = try DatasetCatalogue.layout(of: path)
    self.layout = layout.name
    guard layout is MMADLayout else {
      let pictures = try EvaluationPictures(path: path, seed: seed)
      names = pictures.samples.map(\.name)
      kind = .labelled(pictures.samples)
      return
    }
    // Reading it whole checks every record before anything is written.
    names = try MMADDataset(root: path, requiringImages: false).samples.map(\.name)
    do {
      let index = try JSON(parsing: [UInt8](try Data(contentsOf: URL(filePath: path + "/mmad.json"))))
      kind = .published(root: path, records: index.members ?? [])
    } catch {
      throw DatasetError(message: "\(path)/mmad.json: \(error)")
    }
  }

  /// Makes `folder` a data set of these pictures.
  func write(_ wanted: Set<String>, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let records: [JSON.Member]
    switch kind {
    case .published(let root, let all):
      records = all.filter { wanted.contains($0.key) }
      for name in try FileManager.default.contentsOfDirectory(atPath: root) where name != "mmad.json" {
        try link("\(folder)/\(name)", to: "\(root)/\(name)")
      }
    case .labelled(let samples):
      var references = References()
      records = try samples.filter { wanted.contains($0.name) }.map { sample in
        let (record, links) = Self.record(of: sample, &references)
        for (name, path) in links { try link("\(folder)/\(name)", to: path) }
        return JSON.Member(sample.name, record.json)
      }
    }
    try Data(JSON.object(records).serializedBytes(pretty: true)).write(
      to: URL(filePath: folder + "/mmad.json"), options: .atomic)
  }

  /// The names of good pictures in the new data set; one picture serves many.
  private struct References {
    private var names: [String: String] = [:]
    private var taken: Set<String> = []

    mutating func name(of path: String, in folder: String) -> String {
      if let known = names[path] { return known }
      let file = DatasetFolder.lastName(of: path)
      var name = "\(folder)/references/\(file)"
      var number = 1
      while !taken.insert(name).inserted {
        number += 1
        name = "\(folder)/references/\(number)-\(file)"
      }
      names[path] = name
      return name
    }
  }

  private static func record(
    of sample: InspectionSample, _ references: inout References
  ) -> (record: MMADRecord, links: [(name: String, path: String)]) {
    let folder = "\(sample.dataset)/\(sample.category)"
    let inside = String(sample.name.dropFirst(folder.count + 1))
    var links = [(sample.name, sample.imagePath)]
    let mask = sample.maskPath.map { path in
      let name =
        "masks/\(DatasetFolder.stem(of: inside.replacing("/", with: "-")))-\(DatasetFolder.lastName(of: path))"
      links.append(("\(folder)/\(name)", path))
      return name
    }
    let templates = sample.randomTemplates.map { path in
      let name = references.name(of: path, in: folder)
      links.append((name, path))
      return name
    }
    return (
      MMADRecord(
        imagePath: inside, maskPath: mask, templates: templates, questions: sample.questions,
        statedNormal: sample.statedNormal),
      links
    )
  }

  private func link(_ place: String, to target: String) throws {
    let files = FileManager.default
    if let present = try? files.destinationOfSymbolicLink(atPath: place) {
      if present == target { return }
      try files.removeItem(atPath: place)
    }
    try files.createDirectory(atPath: DatasetFolder.parent(of: place), withIntermediateDirectories: true)
    try files.createSymbolicLink(atPath: place, withDestinationPath: target)
  }
}
