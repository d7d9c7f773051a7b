import Images
public import OrderedJSON

/// How a run's probabilities and boxes compare with what people say of the pictures.
public struct Calibration: Sendable {
  public let metrics: RankingMetrics
  /// `nil` where no label has a mask.
  public let regions: RegionMetrics?
  /// Scored pictures nobody labelled, labelled ones without a probability, and pictures whose mask has another size.
  public let unlabelled, withoutProbability: Int
  public let unusableMasks: [String]

  /// - Parameter labels: `nil` takes what an answers file says itself.
  /// - Throws: ``DatasetError`` when there are not both good and defective pictures with a probability.
  public init(_ pictures: [ScoredPicture], labels: PictureLabels?) throws(DatasetError) {
    var scores: [(Double, Bool)] = []
    var regions = RegionMetrics()
    var (unlabelled, silent) = (0, 0)
    var unusable: [String] = []
    var masked = false
    // The 0001.png of two nights: a label that names no folder may be of either.
    var namesakes: [String: Int] = [:]
    for name in Set(pictures.map(\.name)) { namesakes[DatasetFolder.lastName(of: name), default: 0] += 1 }
    for picture in pictures {
      let isOnly = namesakes[DatasetFolder.lastName(of: picture.name)] == 1
      let label =
        labels?.label(of: picture, isOnly: isOnly)
        ?? picture.knownDefective.map { PictureLabels.Label(isDefective: $0, maskPaths: []) }
      guard let label else {
        unlabelled += 1
        continue
      }
      guard let probability = picture.probability else {
        silent += 1
        continue
      }
      scores.append((probability, label.isDefective))
      do {
        if label.isDefective, !label.maskPaths.isEmpty {
          let mask = try DefectMask(paths: label.maskPaths)
          let size = (picture.width ?? mask.width, picture.height ?? mask.height)
          guard size == (mask.width, mask.height) else {
            unusable.append(
              "\(picture.name): the mask is \(mask.width) x \(mask.height), the picture \(size.0) x \(size.1)"
            )
            continue
          }
          regions.add(scores: try picture.map(width: mask.width, height: mask.height), mask: mask)
          masked = true
        } else if !label.isDefective, let width = picture.width, let height = picture.height {
          regions.add(scores: try picture.map(width: width, height: height), mask: nil)
        }
      } catch {
        unusable.append("\(picture.name): \(error)")
      }
    }
    guard let metrics = RankingMetrics(scores.map { ($0.0, $0.1) }) else {
      throw DatasetError(
        message: "of \(pictures.count) scored pictures \(scores.count) have a probability and a label, "
          + "\(scores.count { $0.1 }) of them defective; a threshold needs good and defective ones")
    }
    self.metrics = metrics
    self.regions = masked ? regions : nil
    self.unlabelled = unlabelled
    withoutProbability = silent
    unusableMasks = unusable
  }

  public var json: JSON {
    .object([
      .init("images", metrics.json), .init("regions", regions?.json ?? .null),
      .init("unlabelled", .integer(unlabelled)), .init("without_probability", .integer(withoutProbability)),
      .init("unusable_masks", .array(unusableMasks.map(JSON.string))),
    ])
  }
}
