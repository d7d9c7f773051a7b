/// MVTec3D-AD: ten categories with height maps beside the pictures; only the pictures are used (paper, section 4.6).
public struct MVTec3D: DatasetLayout {
  public static let categories: Set<String> = [
    "bagel", "cable_gland", "carrot", "cookie", "dowel", "foam", "peach", "potato", "rope", "tire",
  ]

  public var name: String { "mvtec3d-ad" }
  public var form: String { "category/{train, validation, test}/…/{rgb, xyz, gt}" }
  public var published: PublishedSize? {
    PublishedSize(
      title: "MVTec3D-AD", categories: 10, train: 2656, validation: 294, testGood: 249, testDefective: 948)
  }

  public func recognises(_ path: String) throws(DatasetError) -> Bool {
    for category in try MVTecForm.categories(path) where try category.folder.hasFolder("train/good/rgb") {
      return true
    }
    return false
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    let title = try MVTecForm.title(
      "MVTec3D-AD", known: Self.categories, of: path, MVTecForm.categories(path).map(\.name))
    return try MVTecForm(dataset: title, pictures: "rgb", masks: .insideTest).read(path, layout: name)
  }
}
