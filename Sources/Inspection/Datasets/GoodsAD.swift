/// GoodsAD: six categories of supermarket goods, 3000 × 3000 pixels; masks go by their picture's stem.
public struct GoodsAD: DatasetLayout {
  public static let categories: Set<String> = [
    "cigarette_box", "drink_bottle", "drink_can", "food_bottle", "food_box", "food_package",
  ]

  public var name: String { "goodsad" }
  public var form: String { "MVTec-AD's form with GoodsAD's categories" }
  public var published: PublishedSize? {
    PublishedSize(
      title: "GoodsAD", categories: 6, train: 3136, validation: 0, testGood: 1328, testDefective: 1660)
  }

  public func recognises(_ path: String) throws(DatasetError) -> Bool {
    let names = try MVTecForm.categories(path).map(\.name)
    return !names.isEmpty && Self.categories.isSuperset(of: names)
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    try MVTecForm(dataset: "GoodsAD").read(path, layout: name)
  }
}
