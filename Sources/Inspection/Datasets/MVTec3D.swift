/// MVTec3D-AD: ten categories with height maps beside the pictures; only the pictures are used (paper, section 4.6).
public struct MVTec3D: DatasetLayout {
  public var name: String { "mvtec3d-ad" }
  public var form: String { "category/{train, validation, test}/…/{rgb, xyz, gt}" }
  public var published: PublishedSize? {
    PublishedSize(categories: 10, train: 2656, validation: 294, testGood: 249, testDefective: 948)
  }

  public func recognises(_ path: String) -> Bool {
    MVTecForm.categories(path).contains { $0.folder.hasFolder("train/good/rgb") }
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    MVTecForm(dataset: "MVTec3D-AD", pictures: "rgb", masks: .insideTest).read(path, layout: name)
  }
}
