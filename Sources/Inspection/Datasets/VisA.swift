/// VisA: twelve categories. As downloaded, a table says which picture belongs to which part.
public struct VisADownload: DatasetLayout {
  public var name: String { "visa" }
  public var form: String { "category/Data/Images/{Normal, Anomaly} and split_csv/1cls.csv" }
  public var published: PublishedSize? { VisA.published }

  public init() {}

  public func recognises(_ path: String) throws(DatasetError) -> Bool { try !VisA.categories(path).isEmpty }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    let root = DatasetFolder(path: path)
    let categories = try VisA.categories(path)
    let title = MVTecForm.title(VisA.title, known: VisA.known, of: path, categories.map(\.name))
    var pictures: [LabelledPicture] = []
    var missing: [Dataset.Shortcoming] = []
    let table = try SplitTable(root: root)
    if table == nil {
      missing.append(
        .init(kind: .note, name: "split_csv/1cls.csv is not there; every picture counts as a test picture"))
    }
    for (category, folder) in categories {
      for (state, parts) in [("Normal", LabelledPicture.State.good), ("Anomaly", .defective(kind: "bad"))] {
        let images = folder["Data/Images/\(state)"]
        let masks = try MaskFolder(folder["Data/Masks/\(state)"])
        for file in try images.images {
          let split = table?.split(of: "\(category)/Data/Images/\(state)/\(file)") ?? .test
          let picture = LabelledPicture(
            dataset: title, category: category, split: split, state: parts, file: file,
            imagePath: DatasetFolder.joined(images.path, file),
            maskPaths: masks.paths(for: DatasetFolder.stem(of: file)))
          if picture.isDefective, picture.maskPaths.isEmpty {
            missing.append(.init(kind: .mask, name: picture.name))
          }
          pictures.append(picture)
        }
      }
    }
    if let table, table.folder == path {
      for name in table.images where try !root.has(name) { missing.append(.init(kind: .image, name: name)) }
    }
    return Dataset(
      layout: name, title: title, root: path, pictures: pictures, shortcomings: missing)
  }
}

/// VisA brought into MVTec-AD's form by its authors' script, as MMAD has it: `test/{good, bad}`.
public struct VisASplit: DatasetLayout {
  public var name: String { "visa-split" }
  public var form: String { "MVTec-AD's form with VisA's categories" }
  public var published: PublishedSize? { VisA.published }

  public func recognises(_ path: String) throws(DatasetError) -> Bool {
    let names = try MVTecForm.categories(path).map(\.name)
    return !names.isEmpty && VisA.known.isSuperset(of: names)
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    try MVTecForm(dataset: VisA.title).read(path, layout: name)
  }
}

enum VisA {
  static let title = "VisA"
  static let known: Set<String> = [
    "candle", "capsules", "cashew", "chewinggum", "fryum", "macaroni1", "macaroni2", "pcb1", "pcb2", "pcb3",
    "pcb4", "pipe_fryum",
  ]
  static let published = PublishedSize(
    title: title, categories: 12, train: 8659, validation: 0, testGood: 962, testDefective: 1200)

  static func categories(
    _ path: String
  ) throws(DatasetError) -> [(name: String, folder: DatasetFolder)] {
    try DatasetFolder(path: path).itselfOrFolders { (folder) throws(DatasetError) in
      try folder.hasFolder("Data/Images")
    }
  }
}

/// `split_csv/1cls.csv`: `object,split,label,image,mask`.
private struct SplitTable {
  /// The folder with all categories.
  let folder: String
  /// Pictures relative to it, in the table's order.
  let images: [String]
  private let splits: [String: LabelledPicture.Split]

  init?(root: DatasetFolder) throws(DatasetError) {
    let folder =
      try root.has("split_csv/1cls.csv") ? root : DatasetFolder(path: DatasetFolder.parent(of: root.path))
    guard let text = try folder.text("split_csv/1cls.csv") else { return nil }
    let path = DatasetFolder.joined(folder.path, "split_csv/1cls.csv")
    let rows = try DatasetError.rows(text, of: path)
    guard let header = rows.first, let split = header.firstIndex(of: "split"),
      let image = header.firstIndex(of: "image")
    else {
      throw DatasetError(message: "\(path): the first line names no columns \"split\" and \"image\"")
    }
    var images: [String] = []
    var splits: [String: LabelledPicture.Split] = [:]
    for (index, row) in rows.enumerated().dropFirst() {
      guard row.count > max(split, image), let part = LabelledPicture.Split(rawValue: row[split]) else {
        throw DatasetError(message: "\(path), line \(index + 1): no row of object,split,label,image,mask")
      }
      images.append(row[image])
      splits[row[image]] = part
    }
    self.folder = folder.path
    self.images = images
    self.splits = splits
  }

  func split(of image: String) -> LabelledPicture.Split? { splits[image] }
}
