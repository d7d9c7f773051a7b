/// MVTec-AD: 15 categories of industrial textures and objects. A user's own data set in the same form is read too.
public struct MVTecAD: DatasetLayout {
  public static let categories: Set<String> = [
    "bottle", "cable", "capsule", "carpet", "grid", "hazelnut", "leather", "metal_nut", "pill", "screw",
    "tile", "toothbrush", "transistor", "wood", "zipper",
  ]

  public var name: String { "mvtec-ad" }
  public var form: String { "category/{train/good, test/…, ground_truth/…}" }
  public var published: PublishedSize? {
    PublishedSize(
      title: "MVTec-AD", categories: 15, train: 3629, validation: 0, testGood: 467, testDefective: 1258)
  }

  public func recognises(_ path: String) throws(DatasetError) -> Bool {
    try !MVTecForm.categories(path).isEmpty
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    let title = try MVTecForm.title(
      "MVTec-AD", known: Self.categories, of: path, MVTecForm.categories(path).map(\.name))
    return try MVTecForm(dataset: title).read(path, layout: name)
  }
}
