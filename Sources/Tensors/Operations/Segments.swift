/// Every element replaced by the mean of the run of neighbours it belongs to: x [Σ lengths] → the same shape.
public func segmentMeans(_ x: Tensor, lengths: [Int]) -> Tensor {
  precondition(
    lengths.allSatisfy { $0 >= 0 } && lengths.reduce(0, +) == x.count,
    "segmentMeans: runs of \(lengths) do not make the shape \(x.shape)")
  let y = Tensor(uninitialized: x.shape)
  writeMeans(of: x, lengths, to: y)
  return y.recording([x]) { step in
    // The map is its own transpose.
    let dx = Tensor(uninitialized: step.inputs[0].shape)
    writeMeans(of: step.gradient, lengths, to: dx)
    step.give(dx, to: 0)
  }
}

private func writeMeans(of x: Tensor, _ lengths: [Int], to y: Tensor) {
  var start = 0
  for length in lengths {
    var sum = 0.0
    for i in start..<start + length { sum += Double(x.pointer[i]) }
    (y.pointer + start).update(repeating: Float(sum / Double(max(length, 1))), count: length)
    start += length
  }
}
