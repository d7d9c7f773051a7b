/// Tokens drawn on a GPU from rows of logits, of which only what is known of the tokens is read back.
package struct TokenDraws {
  /// What is known of one token, as the kernel writes it.
  package struct Draw: BitwiseCopyable {
    package var token: Double
    package var logit: Double
    /// Under the distribution it was drawn from; 0 for the likeliest.
    package var drawnLogProbability: Double
    /// log Σ exp of all logits; not a number when one of them is none, or when the GPU failed.
    package var logSum: Double

    package var id: Int { token.isFinite ? Int(token) : 0 }
  }

  package let draws: [Draw]
  /// For every draw the logits of the watched tokens, one after another.
  package let watched: [Float]

  /// Draws tokens and waits for them; see ``DrawsUnderWay``.
  package init(
    from logits: Tensor, rows: [Int], uniforms: [Double], temperature: Float, watching ids: [Int] = []
  ) {
    guard let device = logits.device else {
      preconditionFailure("tokens are drawn on a GPU from logits there")
    }
    let begun = DrawsUnderWay(
      from: logits, rows: rows, uniforms: uniforms, temperature: temperature, watching: ids, into: nil,
      slots: [])
    var bytes = [UInt8](repeating: 0xff, count: begun.bytes)  // not numbers
    let isRead = bytes.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { device.download(begun.storage, bytes: bytes.count, to: $0) } ?? true
    }
    self = bytes.withUnsafeBytes { begun.read(from: $0, isWhole: isRead) }
  }

  init(draws: [Draw], watched: [Float]) {
    self.draws = draws
    self.watched = watched
  }
}

/// Draws that a GPU has been asked for: a ``TokenDraws/Draw`` each, and behind them the watched logits.
package struct DrawsUnderWay {
  let storage: Storage
  private let count: Int, watching: Int
  var bytes: Int {
    count * MemoryLayout<TokenDraws.Draw>.stride + count * watching * MemoryLayout<Float>.stride
  }

  /// The first token at which the running sum of exp(logit / temperature) exceeds `uniforms` times the whole; with a
  /// temperature of 0 the first of the likeliest.
  /// - Parameters:
  ///   - logits: [*, vocabulary], on a GPU.
  ///   - rows: the row each token is drawn from.
  ///   - uniforms: a number in [0, 1) for each.
  ///   - tokens: where each token goes on the GPU, in its slot.
  fileprivate init(
    from logits: Tensor, rows: [Int], uniforms: [Double], temperature: Float, watching ids: [Int],
    into tokens: DrawnTokens?, slots: [Int]
  ) {
    guard let device = logits.device else {
      preconditionFailure("tokens are drawn on a GPU from logits there")
    }
    precondition(
      uniforms.count == rows.count && rows.allSatisfy { $0 >= 0 && $0 < logits.rows }
        && ids.allSatisfy { $0 >= 0 && $0 < logits.columns },
      "\(uniforms.count) draws from rows \(rows) of logits \(logits.shape), watching \(ids)")
    (count, watching) = (rows.count, ids.count)
    let size = count * MemoryLayout<TokenDraws.Draw>.stride
    storage = Storage(bytes: size + count * watching * MemoryLayout<Float>.stride, on: device)
    let (list, numbers) = (device.indexList(rows), device.stored(uniforms))
    device.launch(
      "draw_tokens", blocks: count, threads: 1024, .tensor(logits), .numbers(list), .storage(numbers),
      .storage(storage), tokens.map { .storage($0.ids) } ?? .absent,
      tokens == nil ? .absent : .numbers(device.indexList(slots)), .int(logits.columns),
      .float(temperature == 0 ? 0 : min(1 / temperature, .greatestFiniteMagnitude)))
    if watching > 0 {
      device.launch(
        "gather_logits", blocks: count, threads: 32, .tensor(logits), .numbers(list),
        .numbers(device.indexList(ids)), .memory(storage, size), .int(logits.columns), .int(watching))
    }
  }

  /// - Parameter isWhole: false where the GPU failed before.
  func read(from bytes: UnsafeRawBufferPointer, isWhole: Bool) -> TokenDraws {
    let stride = MemoryLayout<TokenDraws.Draw>.stride
    var draws = (0..<count).map {
      bytes.loadUnaligned(fromByteOffset: $0 * stride, as: TokenDraws.Draw.self)
    }
    if !isWhole { for index in draws.indices { draws[index].logSum = .nan } }
    return TokenDraws(
      draws: draws,
      watched: (0..<count * watching).map {
        bytes.loadUnaligned(fromByteOffset: count * stride + 4 * $0, as: Float.self)
      })
  }
}

/// The newest token of every sequence, which stays on the GPU: it is the next step's input there, while what is known
/// of it is on its way to the processor.
package final class DrawnTokens {
  let ids: Storage
  private let device: CUDADevice
  /// Where draws arrive, in turns: those of a step are read while the next ones are computed.
  private let arrivals: [PinnedMemory]
  private var turn = 0

  /// - Parameters:
  ///   - ids: the tokens to begin with, a slot for each sequence.
  ///   - watching: how many logits are read of each draw.
  package init(_ ids: [Int], watching: Int, on device: CUDADevice) {
    self.device = device
    self.ids = device.stored(ids.map { Int32(truncatingIfNeeded: $0) })
    let size = ids.count * (MemoryLayout<TokenDraws.Draw>.stride + watching * MemoryLayout<Float>.stride)
    arrivals = (0..<2).map { _ in PinnedMemory(bytes: max(size, 1), of: device) }
  }

  /// The rows of a table that the tokens in these slots name, [slots.count, width] in float32.
  package func embedding(_ table: Tensor, slots: [Int]) -> Tensor {
    let y = Tensor(uninitialized: [slots.count, table.columns], on: device)
    device.launch(
      "gather_rows_by_slots" + table.suffix, blocks: slots.count, .tensor(table), .storage(ids),
      .numbers(device.indexList(slots)), .tensor(y), .int(table.columns))
    return y
  }

  /// Draws the next token of some slots, from a row of the logits each.
  package func draw(
    from logits: Tensor, slots: [Int], uniforms: [Double], temperature: Float, watching ids: [Int] = []
  ) -> DrawsUnderWay {
    DrawsUnderWay(
      from: logits, rows: Array(slots.indices), uniforms: uniforms, temperature: temperature, watching: ids,
      into: self, slots: slots)
  }

  /// Has draws sent to the processor; what is returned waits for them.
  /// - Precondition: what was returned the time before the last has been called.
  package func send(_ draws: DrawsUnderWay) -> () -> TokenDraws {
    let memory = arrivals[turn]
    turn = 1 - turn
    memory.download(draws.storage.address, bytes: draws.bytes)
    return { [device] in
      var bytes = [UInt8](repeating: 0xff, count: draws.bytes)  // not numbers
      memory.withBytes { arrived in
        bytes.withUnsafeMutableBytes {
          $0.copyMemory(from: UnsafeRawBufferPointer(start: arrived, count: $0.count))
        }
      }
      return bytes.withUnsafeBytes { draws.read(from: $0, isWhole: device.isWorking) }
    }
  }
}
