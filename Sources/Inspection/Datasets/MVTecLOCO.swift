/// MVTec-LOCO: structural and logical anomalies of five categories; a picture's mask is the union of several files.
public struct MVTecLOCO: DatasetLayout {
  public var name: String { "mvtec-loco" }
  public var form: String { "category/test/{good, logical_anomalies, structural_anomalies}" }
  public var published: PublishedSize? {
    PublishedSize(categories: 5, train: 1772, validation: 304, testGood: 575, testDefective: 993)
  }

  public func recognises(_ path: String) -> Bool {
    MVTecForm.categories(path).contains {
      $0.folder.hasFolder("test/logical_anomalies") || $0.folder.hasFolder("test/structural_anomalies")
    }
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    MVTecForm(dataset: "MVTec-LOCO").read(path, layout: name)
  }
}
