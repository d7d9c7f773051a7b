import Tensors

/// The windows a map is cut into for attention; those at the right and lower edge are filled up with zeros.
struct HieraWindows {
  let height: Int
  let width: Int
  /// The side of a window.
  let side: Int

  private var across: Int { (width + side - 1) / side }
  private var down: Int { (height + side - 1) / side }
  var count: Int { across * down }
  private var isFilledUp: Bool { across * side != width || down * side != height }

  /// One window around all of it.
  private var isWhole: Bool { side == width && side == height }

  /// The rows of a map, window by window.
  func cut(_ rows: Tensor) -> Tensor {
    if isWhole { return rows }
    let filler = height * width
    var order = [Int](repeating: filler, count: count * side * side)
    for y in 0..<height {
      for x in 0..<width { order[place(y, x)] = y * width + x }
    }
    let source = isFilledUp ? concatenatedRows([rows, Tensor.zeros([1, rows.shape[1]])]) : rows
    return gatherRows(source, order)
  }

  /// The rows of windows, as a map again.
  func joined(_ rows: Tensor) -> Tensor {
    if isWhole { return rows }
    var order: [Int] = []
    order.reserveCapacity(height * width)
    for y in 0..<height {
      for x in 0..<width { order.append(place(y, x)) }
    }
    return gatherRows(rows, order)
  }

  /// Where a place of the map lies among the rows of the windows.
  private func place(_ y: Int, _ x: Int) -> Int {
    (y / side * across + x / side) * side * side + y % side * side + x % side
  }

  /// The same map and windows at half the resolution.
  var halved: HieraWindows { HieraWindows(height: height / 2, width: width / 2, side: side / 2) }

  /// The squares of two by two places inside the windows, for ``largestOfRows(_:_:size:)``.
  var squares: [Int] {
    (0..<count).flatMap {
      FeatureMap.squares(height: side, width: side, stride: side, from: $0 * side * side)
    }
  }

  /// Attention inside windows, of queries at this resolution or half of it.
  func layout(halvedQueries: Bool) throws -> SegmentLayout {
    let keys = side * side
    let queries = halvedQueries ? keys / 4 : keys
    return try SegmentLayout(
      segments: (0..<count).map {
        SegmentLayout.Segment(
          queries: $0 * queries..<($0 + 1) * queries,
          keys: [SegmentLayout.KeyRange($0 * keys..<($0 + 1) * keys, causal: false)])
      }, queryCount: count * queries, keyCount: count * keys)
  }
}
