/// What people say of pictures that were scored.
public struct PictureLabels: Sendable {
  public struct Label: Sendable, Equatable {
    public let isDefective: Bool
    /// Masks of the defects; none where nobody drew them.
    public let maskPaths: [String]
  }

  private var byPath: [String: Label] = [:]
  /// For tables whose names differ in their folders; `nil` where a name stands for several pictures.
  private var byLastName: [String: Label?] = [:]

  /// - Parameter path: a data set with states, or a table of comma-separated values with columns `path` (or `file`,
  ///   `image`) and `label` (or `state`), where good, normal, ok and 0 mean good and anything else a kind of defect;
  ///   a column `mask` names a mask relative to the table.
  /// - Throws: ``DatasetError`` for what is neither, and for a table that calls a picture good and defective.
  public init(_ path: String) throws(DatasetError) {
    guard path.lowercased().hasSuffix(".csv") else {
      for picture in try DatasetCatalogue.open(path).pictures where picture.state != .unlabelled {
        _ = add(picture.imagePath, Label(isDefective: picture.isDefective, maskPaths: picture.maskPaths))
      }
      guard !byPath.isEmpty else {
        throw DatasetError(
          message: "\(path) says of no picture whether it is good; see 'ar1 data check \(path)'")
      }
      return
    }
    let folder = DatasetFolder(path: DatasetFolder.parent(of: path))
    guard let text = try folder.text(DatasetFolder.lastName(of: path)) else {
      throw DatasetError(message: "\(path): no such file")
    }
    let rows = try DatasetError.rows(text, of: path)
    func column(_ names: [String]) -> Int? {
      rows.first?.firstIndex { names.contains(Self.word($0)) }
    }
    guard let name = column(["path", "file", "image"]), let state = column(["label", "state"]) else {
      throw DatasetError(message: "\(path): the first line must name the columns path and label")
    }
    let mask = column(["mask"])
    for (index, row) in rows.enumerated().dropFirst() {
      guard row.count > max(name, state), !row[name].isEmpty else {
        throw DatasetError(message: "\(path), line \(index + 1): it has no path and label")
      }
      let word = Self.word(row[state])
      guard !word.isEmpty else { continue }
      let masks = mask.flatMap { $0 < row.count && !row[$0].isEmpty ? row[$0] : nil }
      let label = Label(
        isDefective: !["good", "normal", "ok", "0"].contains(word),
        maskPaths: masks.map { [$0.hasPrefix("/") ? $0 : DatasetFolder.joined(folder.path, $0)] } ?? [])
      guard add(row[name], label) else {
        throw DatasetError(message: "\(path): it calls \(row[name]) good in one row and defective in another")
      }
      // The whole path of one that is relative to the table.
      if !row[name].hasPrefix("/") { byPath[DatasetFolder.joined(folder.path, row[name])] = label }
    }
  }

  /// A cell as it is compared: people leave spaces behind commas.
  private static func word(_ cell: String) -> String {
    ReplyBytes.with(cell) { ReplyBytes.trimmed($0, 0..<$0.count) }.lowercased()
  }

  /// - Returns: whether it agrees with what was said of the picture before.
  private mutating func add(_ path: String, _ label: Label) -> Bool {
    if let known = byPath.updateValue(label, forKey: path) { return known.isDefective == label.isDefective }
    let name = DatasetFolder.lastName(of: path)
    byLastName[name] = byLastName[name] == nil ? .some(label) : .some(nil)
    return true
  }

  /// The label of a scored picture: by its whole path, then by its name in the run, then by its file's name where that
  /// is unmistakable.
  /// - Parameter isOnly: whether no other picture of the run has a file of this name.
  public func label(of picture: ScoredPicture, isOnly: Bool = true) -> Label? {
    if let path = picture.path, let label = byPath[path] { return label }
    if let label = byPath[picture.name] { return label }
    return isOnly ? byLastName[DatasetFolder.lastName(of: picture.name)] ?? nil : nil
  }
}
