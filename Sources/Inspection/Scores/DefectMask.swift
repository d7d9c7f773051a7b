public import Images

/// Which pixels of a picture are defective.
public struct DefectMask: Sendable, Equatable {
  public let width, height: Int
  /// Row after row.
  public let isDefective: [Bool]

  /// - Precondition: as many values as pixels.
  public init(width: Int, height: Int, isDefective: [Bool]) {
    precondition(isDefective.count == width * height, "a mask of \(width) x \(height) has as many values")
    self.width = width
    self.height = height
    self.isDefective = isDefective
  }

  /// The union of mask files, in which any pixel that is neither black nor transparent is defective.
  /// - Throws: `ImageError` for a file that cannot be read or has another size than the first.
  public init(paths: [String]) throws {
    var union: DefectMask?
    for path in paths {
      let image = try ImageFile.decode(path: path, over: .black)
      let mask = DefectMask(image)
      guard let first = union else {
        union = mask
        continue
      }
      guard (first.width, first.height) == (mask.width, mask.height) else {
        throw ImageError(
          name: path,
          reason:
            "is \(mask.width) x \(mask.height), the picture's first mask is \(first.width) x \(first.height)")
      }
      union = DefectMask(
        width: mask.width, height: mask.height,
        isDefective: zip(first.isDefective, mask.isDefective).map { $0 || $1 })
    }
    guard let union else { throw ImageError(name: "mask", reason: "no file is named") }
    self = union
  }

  public init(_ image: RGBImage) {
    let pixels = image.pixels
    self.init(
      width: image.width, height: image.height,
      isDefective: (0..<image.width * image.height).map {
        pixels[3 * $0] != 0 || pixels[3 * $0 + 1] != 0 || pixels[3 * $0 + 2] != 0
      })
  }

  public var area: Int { isDefective.count { $0 } }

  /// The connected regions, pixels that touch at an edge or a corner belonging together.
  /// - Returns: for each pixel 0 or its region's number from 1, and the regions' areas in pixels.
  public func regions() -> (labels: [Int32], areas: [Int]) {
    var labels = [Int32](repeating: 0, count: isDefective.count)
    var areas: [Int] = []
    var waiting: [Int] = []
    for start in isDefective.indices where isDefective[start] && labels[start] == 0 {
      let label = Int32(areas.count + 1)
      labels[start] = label
      waiting.append(start)
      var area = 0
      while let pixel = waiting.popLast() {
        area += 1
        let (x, y) = (pixel % width, pixel / width)
        for row in max(0, y - 1)...min(height - 1, y + 1) {
          for column in max(0, x - 1)...min(width - 1, x + 1) {
            let neighbour = row * width + column
            if isDefective[neighbour], labels[neighbour] == 0 {
              labels[neighbour] = label
              waiting.append(neighbour)
            }
          }
        }
      }
      areas.append(area)
    }
    return (labels, areas)
  }

  /// The share of the defective pixels in each cell of a 3 × 3 grid, row after row.
  public func shares() -> [Double] {
    var counts = [Int](repeating: 0, count: 9)
    for (index, isDefective) in isDefective.enumerated() where isDefective {
      let (x, y) = (index % width, index / width)
      counts[min(2, y * 3 / height) * 3 + min(2, x * 3 / width)] += 1
    }
    let total = Double(max(1, counts.reduce(0, +)))
    return counts.map { Double($0) / total }
  }
}
