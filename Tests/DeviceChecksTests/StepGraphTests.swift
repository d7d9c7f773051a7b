import Tensors
import Testing

/// Steps that are recorded and replayed, on the device in software.
struct StepGraphTests {
  /// A step with everything that decoding has: uploads, lists of rows, writes into a cache, products.
  private func step(_ table: Tensor, _ weight: Tensor, _ cache: Tensor, _ number: Int, rows: Int) -> Tensor {
    let ids = (0..<rows).map { ($0 * 7 + number * 3) % 20 }
    let values = Tensor((0..<rows * 8).map { Float($0 + number) / 10 }, shape: [rows, 8])
    let x = add(gatherRows(table, ids), values.moved(to: table.device))
    cache.writeRows(x, at: (0..<rows).map { $0 * 10 + number })
    return linear(silu(x), weight: weight)
  }

  private func tensors(on device: CUDADevice?) -> [Tensor] {
    [[20, 8], [5, 8], [60, 8]].map { shape in
      let count = shape.reduce(1, *)
      return Tensor((0..<count).map { Float($0 % 23) / 23 - 0.4 }, shape: shape).moved(to: device)
    }
  }

  @Test func `A replayed step computes with the step's own numbers`() throws {
    try SoftwareDevice.with { device in
      let (here, there) = (tensors(on: nil), tensors(on: device))
      let graph = StepGraph(on: device)
      for number in 0..<6 {
        // Two rows less from the fourth step on: it has to be recorded anew.
        let rows = number < 3 ? 5 : 3
        let expected = step(here[0], here[1], here[2], number, rows: rows)
        let found = graph.run { step(there[0], there[1], there[2], number, rows: rows) }
        #expect(zip(found.values, expected.values).allSatisfy { abs($0 - $1) < 1e-5 }, "step \(number)")
      }
      #expect(zip(there[2].values, here[2].values).allSatisfy { abs($0 - $1) < 1e-6 })
      #expect(graph.replays == 4)
      try device.check()
    }
  }

  @Test func `The memory of steps is given back`() throws {
    try SoftwareDevice.with { device in
      let there = tensors(on: device)
      func run(_ rows: Int) {
        let graph = StepGraph(on: device)
        for number in 0..<3 { _ = graph.run { step(there[0], there[1], there[2], number, rows: rows) } }
      }
      run(4)
      let standing = device.allocatedBytes
      for rows in 1..<5 { run(rows) }
      #expect(device.allocatedBytes <= standing)
      try device.check()
    }
  }
}
