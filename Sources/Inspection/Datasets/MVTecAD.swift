/// MVTec-AD: 15 categories of industrial textures and objects. A user's own data set in the same form is read too.
public struct MVTecAD: DatasetLayout {
  public static let categories: Set<String> = [
    "bottle", "cable", "capsule", "carpet", "grid", "hazelnut", "leather", "metal_nut", "pill", "screw",
    "tile",
    "toothbrush", "transistor", "wood", "zipper",
  ]

  public var name: String { "mvtec-ad" }
  public var form: String { "category/{train/good, test/…, ground_truth/…}" }
  public var published: PublishedSize? {
    PublishedSize(categories: 15, train: 3629, validation: 0, testGood: 467, testDefective: 1258)
  }

  public func recognises(_ path: String) -> Bool { !MVTecForm.categories(path).isEmpty }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    let names = Set(MVTecForm.categories(path).map(\.name))
    // Somebody's own products keep the name of their folder.
    let dataset = names.isSubset(of: Self.categories) ? "MVTec-AD" : DatasetFolder.lastName(of: path)
    return MVTecForm(dataset: dataset).read(path, layout: name)
  }
}
