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

  /// The first token at which the running sum of exp(logit / temperature) exceeds `uniforms` times the whole; with a
  /// temperature of 0 the first of the likeliest.
  /// - Parameters:
  ///   - logits: [*, vocabulary], on a GPU.
  ///   - rows: the row each token is drawn from.
  ///   - uniforms: a number in [0, 1) for each.
  package init(
    from logits: Tensor, rows: [Int], uniforms: [Double], temperature: Float, watching ids: [Int] = []
  ) {
    guard let device = logits.device else {
      preconditionFailure("tokens are drawn on a GPU from logits there")
    }
    precondition(
      uniforms.count == rows.count && rows.allSatisfy { $0 >= 0 && $0 < logits.rows }
        && ids.allSatisfy { $0 >= 0 && $0 < logits.columns },
      "\(uniforms.count) draws from rows \(rows) of logits \(logits.shape), watching \(ids)")
    let (list, numbers) = (device.indexList(rows), device.stored(uniforms))
    let size = MemoryLayout<Draw>.stride
    let storage = Storage(bytes: rows.count * size, on: device)
    device.launch(
      "draw_tokens", blocks: rows.count, threads: 1024, .tensor(logits), .numbers(list),
      .storage(numbers), .storage(storage), .int(logits.columns),
      .float(temperature == 0 ? 0 : 1 / temperature))
    let seen = Tensor(uninitialized: [rows.count, ids.count], on: device)
    if !ids.isEmpty {
      device.launch(
        "gather_logits", blocks: rows.count, threads: 32, .tensor(logits), .numbers(list),
        .numbers(device.indexList(ids)), .tensor(seen), .int(logits.columns), .int(ids.count))
    }
    var draws = [Draw](
      repeating: Draw(token: .nan, logit: .nan, drawnLogProbability: .nan, logSum: .nan), count: rows.count)
    let isRead = draws.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { device.download(storage, bytes: bytes.count, to: $0) } ?? true
    }
    if !isRead { for index in draws.indices { draws[index].logSum = .nan } }
    self.draws = draws
    watched = ids.isEmpty ? [] : seen.values
  }
}
