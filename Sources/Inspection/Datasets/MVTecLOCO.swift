/// MVTec-LOCO: structural and logical anomalies of five categories; a picture's mask is the union of several files.
public struct MVTecLOCO: DatasetLayout {
  public static let categories: Set<String> = [
    "breakfast_box", "juice_bottle", "pushpins", "screw_bag", "splicing_connectors",
  ]

  public var name: String { "mvtec-loco" }
  public var form: String { "category/test/{good, logical_anomalies, structural_anomalies}" }
  public var published: PublishedSize? {
    PublishedSize(
      title: "MVTec-LOCO", categories: 5, train: 1772, validation: 304, testGood: 575, testDefective: 993)
  }

  public func recognises(_ path: String) throws(DatasetError) -> Bool {
    for category in try MVTecForm.categories(path) {
      for kind in ["logical_anomalies", "structural_anomalies"]
      where try category.folder.hasFolder("test/\(kind)") {
        return true
      }
    }
    return false
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    let title = try MVTecForm.title(
      "MVTec-LOCO", known: Self.categories, of: path, MVTecForm.categories(path).map(\.name))
    return try MVTecForm(dataset: title).read(path, layout: name)
  }
}
