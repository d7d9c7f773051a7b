/// The largest value of each column over groups of `size` rows of x [n, d]: row i of the result is over the rows
/// `rows[i · size ..< (i + 1) · size]` → [rows.count / size, d]. The gradient goes to the first of the largest.
public func largestOfRows(_ x: Tensor, _ rows: [Int], size: Int) -> Tensor {
  let (limit, width) = (x.rows, x.columns)
  precondition(
    size > 0 && rows.count % size == 0 && rows.allSatisfy { $0 >= 0 && $0 < limit },
    "largestOfRows: \(rows.count) rows in groups of \(size) of a tensor with \(limit) rows")
  let groups = rows.count / size
  let y = Tensor(uninitialized: [groups, width])
  Parallel.ranges(of: groups, cost: size * width) { range in
    for group in range {
      let target = y.pointer + group * width
      target.update(from: x.pointer + rows[group * size] * width, count: width)
      for row in rows[group * size + 1..<(group + 1) * size] {
        let source = x.pointer + row * width
        for column in 0..<width where source[column] > target[column] { target[column] = source[column] }
      }
    }
  }
  return y.recording([x]) { [saved = y.detached()] step in
    let (x, g) = (step.inputs[0], step.gradient)
    step.accumulateSparsely(0) { gradient in
      for group in 0..<groups {
        for column in 0..<width {
          let value = saved.pointer[group * width + column]
          for row in rows[group * size..<(group + 1) * size] where x.pointer[row * width + column] == value {
            gradient.pointer[row * width + column] += g.pointer[group * width + column]
            break
          }
        }
      }
    }
  }
}
