/// A folder of somebody's own pictures: `normal/` and `anomalous/`, masks of the same stems in `masks/` where there
/// are any, good examples in `reference/`; or pictures without any word on their state. A level of products may stand
/// above.
public struct PlainFolder: DatasetLayout {
  /// Folders of good pictures, of defective ones, of masks, and of good ones to compare with, as people call them, in
  /// letters of either case.
  private static let normal = ["normal", "good", "ok"]
  private static let anomalous = [
    "anomalous", "anomaly", "abnormal", "bad", "defect", "defective", "ng", "nok",
  ]
  private static let masks = ["masks", "mask", "ground_truth"]
  private static let references = ["reference", "references", "train/good", "train/normal"]

  public var name: String { "plain" }
  public var form: String { "normal/ and anomalous/, or pictures alone" }
  public var published: PublishedSize? { nil }

  public init() {}

  public func recognises(_ path: String) throws(DatasetError) -> Bool {
    guard try DatasetFolder.isFolder(path) else { return false }
    guard try Self.products(path).isEmpty else { return true }
    return try !DatasetFolder(path: path).imagesBelow.isEmpty
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    let title = DatasetFolder.lastName(of: path)
    let products = try Self.products(path)
    var pictures: [LabelledPicture] = []
    var missing: [Dataset.Shortcoming] = []
    if products.isEmpty {
      pictures = try DatasetFolder(path: path).imagesBelow.map {
        LabelledPicture(
          dataset: title, category: title, split: .test, state: .unlabelled, file: $0,
          imagePath: DatasetFolder.joined(path, $0))
      }
    }
    for product in products { pictures += try Self.pictures(of: product, dataset: title) }
    let defective = pictures.filter(\.isDefective)
    // Masks are optional: only a folder that has some is told which are missing.
    if defective.contains(where: { !$0.maskPaths.isEmpty }) {
      missing = defective.filter(\.maskPaths.isEmpty).map { .init(kind: .mask, name: $0.name) }
    }
    return Dataset(layout: name, title: title, root: path, pictures: pictures, shortcomings: missing)
  }

  private static func products(
    _ path: String
  ) throws(DatasetError) -> [(name: String, folder: DatasetFolder)] {
    try DatasetFolder(path: path).itselfOrFolders { (folder) throws(DatasetError) in
      try !folders(normal + anomalous, in: folder).isEmpty
    }
  }

  /// Which of the folders are there, as they are spelt there. The folder is asked for what it holds and not for each
  /// name: a share of Windows would give the same folder for two.
  private static func folders(_ known: [String], in folder: DatasetFolder) throws(DatasetError) -> [String] {
    let present = try folder.folders
    var found: [String] = []
    for name in known {
      let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
      for outer in present where outer.lowercased() == parts[0] {
        if parts.count == 1 {
          found.append(outer)
        } else {
          found += try folders([parts[1]], in: folder[outer]).map { "\(outer)/\($0)" }
        }
      }
    }
    return found
  }

  private static func pictures(
    of product: (name: String, folder: DatasetFolder), dataset: String
  ) throws(DatasetError) -> [LabelledPicture] {
    var result: [LabelledPicture] = []
    var names: Set<String> = []
    func add(
      _ folder: String, _ split: LabelledPicture.Split, _ state: (String) -> LabelledPicture.State,
      masks: (String) throws(DatasetError) -> [String] = { _ in [] }
    ) throws(DatasetError) {
      for file in try product.folder[folder].imagesBelow {
        let masks = try masks(file)
        func picture(_ name: String) -> LabelledPicture {
          LabelledPicture(
            dataset: dataset, category: product.name, split: split, state: state(file), file: name,
            imagePath: DatasetFolder.joined(product.folder[folder].path, file), maskPaths: masks)
        }
        // good/ beside ok/ may hold a picture of the same name.
        var made = picture(file)
        if !names.insert(made.name).inserted {
          made = picture("\(folder)/\(file)")
          names.insert(made.name)
        }
        result.append(made)
      }
    }
    for folder in try folders(references, in: product.folder) { try add(folder, .train, { _ in .good }) }
    for folder in try folders(normal, in: product.folder) { try add(folder, .test, { _ in .good }) }
    var known: [String: MaskFolder] = [:]
    func masksInside(_ folder: String, for stem: String) throws(DatasetError) -> [String] {
      if known[folder] == nil { known[folder] = try MaskFolder(product.folder[folder]) }
      return known[folder]?.paths(for: stem) ?? []
    }
    let maskFolders = try folders(masks, in: product.folder)
    for folder in try folders(anomalous, in: product.folder) {
      try add(folder, .test, { .defective(kind: kind(of: $0, in: folder)) }) {
        (file) throws(DatasetError) in
        let inner = file.split(separator: "/").dropLast().joined(separator: "/")
        let stem = DatasetFolder.stem(of: file)
        for place in maskFolders.flatMap({ [DatasetFolder.joined($0, inner), $0] }) {
          let found = try masksInside(place, for: stem)
          if !found.isEmpty { return found }
        }
        return []
      }
    }
    return result
  }

  /// A folder inside `anomalous/` names the kind of defect.
  private static func kind(of file: String, in folder: String) -> String {
    let folders = file.split(separator: "/").dropLast()
    return folders.isEmpty ? folder : folders.joined(separator: "-")
  }
}
