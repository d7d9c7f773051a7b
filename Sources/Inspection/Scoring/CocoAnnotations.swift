public import Images
public import OrderedJSON

/// The boxes of scored images in COCO's form, as annotation tools read it.
public enum CocoAnnotations {
  /// Every image whose size is known, and a box for every defect with what the image's mask covers in it, or without
  /// a mask with its own outline; `score` is the image's probability of a defect. Categories are the labels the model
  /// gave, "defect" where it gave none.
  public static func json(
    _ rows: [ScoreRow], description: String, masks: (ScoreRow) -> GreyImage? = { _ in nil }
  ) -> JSON {
    let defective = rows.filter { $0.decision == .defect }
    let labels = Set(defective.flatMap(\.boxes).map(Self.label)).sorted()
    let categories = labels.isEmpty ? ["defect"] : labels
    // A model may call every defect something else.
    let places = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($1, $0 + 1) })
    var images: [JSON] = []
    var annotations: [JSON] = []
    for (index, row) in rows.enumerated() {
      guard let width = row.width, let height = row.height else { continue }
      images.append(
        .object([
          .init("id", .integer(index + 1)), .init("file_name", .string(row.path)),
          .init("width", .integer(width)), .init("height", .integer(height)),
        ]))
      guard row.decision == .defect, !row.boxes.isEmpty else { continue }
      let mask = masks(row)
      for box in row.boxes {
        let (left, top, right, bottom) = (box.box.x1, box.box.y1, box.box.x2, box.box.y2)
        let covered = mask.map { RunLengths($0, within: box.box) }
        annotations.append(
          .object([
            .init("id", .integer(annotations.count + 1)), .init("image_id", .integer(index + 1)),
            .init("category_id", .integer(places[label(box)] ?? 1)),
            .init("bbox", .array([left, top, right - left, bottom - top].map(JSON.number))),
            .init("area", covered.map { .integer($0.area) } ?? .number(box.box.area)),
            .init(
              "segmentation",
              covered?.json
                ?? .array([.array([left, top, right, top, right, bottom, left, bottom].map(JSON.number))])),
            .init("iscrowd", 0), .init("score", row.probability.map(JSON.number) ?? .null),
          ]))
      }
    }
    return .object([
      .init("info", .object([.init("description", .string(description))])),
      .init("images", .array(images)), .init("annotations", .array(annotations)),
      .init(
        "categories",
        .array(
          categories.enumerated().map {
            .object([
              .init("id", .integer($0 + 1)), .init("name", .string($1)), .init("supercategory", "defect"),
            ])
          })),
    ])
  }

  private static func label(_ box: GroundedBox) -> String {
    box.label.flatMap { $0.isEmpty ? nil : $0 } ?? "defect"
  }
}
