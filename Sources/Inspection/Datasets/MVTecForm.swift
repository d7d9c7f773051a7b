/// The form of MVTec-AD, which many data sets share: `<category>/{train,validation}/good/…`,
/// `<category>/test/<good or kind of defect>/…` and `<category>/ground_truth/<kind>/…` with masks.
struct MVTecForm {
  /// The first component of pictures' names.
  let dataset: String
  /// The folder with the pictures inside a state's folder, `rgb` for example.
  var pictures = ""
  var masks = Masks.besideTest

  enum Masks {
    /// `ground_truth/<kind>/<stem>.png`, `<stem>_mask.png`, or a folder `<stem>/` of several.
    case besideTest
    /// `test/<kind>/gt/<stem>.png`.
    case insideTest
  }

  /// The categories below a root, or the one the path itself is.
  static func categories(
    _ path: String
  ) throws(DatasetError) -> [(name: String, folder: DatasetFolder)] {
    try DatasetFolder(path: path).itselfOrFolders(where: isCategory)
  }

  /// What pictures' names begin with: the published data set's name where all its categories are, else that of the
  /// folder, so that somebody's own products in the same form do not pass for the published ones.
  static func title(_ published: String, known: Set<String>, of path: String, _ categories: [String])
    -> String
  {
    known.isSuperset(of: categories) ? published : DatasetFolder.lastName(of: path)
  }

  private static func isCategory(_ folder: DatasetFolder) throws(DatasetError) -> Bool {
    guard try folder.hasFolder("test") else { return false }
    return try folder.hasFolder("train/good")
  }

  func read(_ path: String, layout: String) throws(DatasetError) -> Dataset {
    var found: [LabelledPicture] = []
    var missing: [Dataset.Shortcoming] = []
    for category in try Self.categories(path) {
      for split in LabelledPicture.Split.allCases {
        for state in try category.folder[split.rawValue].folders {
          let folder = category.folder["\(split.rawValue)/\(state)"][pictures]
          let masks = state == "good" ? MaskFolder() : try maskFolder(category.folder, state)
          for file in try folder.images {
            let picture = LabelledPicture(
              dataset: dataset, category: category.name, split: split,
              state: state == "good" ? .good : .defective(kind: state),
              file: pictures.isEmpty ? file : "\(pictures)/\(file)",
              imagePath: DatasetFolder.joined(folder.path, file),
              maskPaths: masks.paths(for: DatasetFolder.stem(of: file)))
            if picture.isDefective, picture.maskPaths.isEmpty {
              missing.append(.init(kind: .mask, name: picture.name))
            }
            found.append(picture)
          }
        }
      }
    }
    return Dataset(layout: layout, title: dataset, root: path, pictures: found, shortcomings: missing)
  }

  private func maskFolder(_ category: DatasetFolder, _ kind: String) throws(DatasetError) -> MaskFolder {
    switch masks {
    case .besideTest: try MaskFolder(category["ground_truth/\(kind)"])
    case .insideTest: try MaskFolder(category["test/\(kind)/gt"])
    }
  }
}

/// The masks of one kind of defect, found by the stem of their picture's name.
struct MaskFolder {
  private var byStem: [String: [String]] = [:]

  init() {}

  init(_ folder: DatasetFolder) throws(DatasetError) {
    for name in try folder.names {
      let path = DatasetFolder.joined(folder.path, name)
      if DatasetFolder.isImage(name) {
        var stem = DatasetFolder.stem(of: name)
        if stem.hasSuffix("_mask") { stem.removeLast("_mask".count) }
        byStem[stem, default: []].append(path)
      } else if try folder.hasFolder(name) {
        byStem[name, default: []] += try folder[name].images.map { DatasetFolder.joined(path, $0) }
      }
    }
  }

  func paths(for stem: String) -> [String] { byStem[stem] ?? [] }
}
