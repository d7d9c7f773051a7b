internal import CPlatform
package import QwenVL
internal import WorkerRuntime

/// Whether what is decoded together fits into memory: asked before it is begun, as a process that takes more than there is
/// gets killed and can tell nobody why.
package struct DecodingRoom: Sendable {
  /// Bytes that can be had now; 0 when unknown.
  package let available: Int

  package init(available: Int) { self.available = available }

  /// Where a model computes. A GPU tells by itself when its memory does not suffice, and the process lives on.
  package static func of(_ model: QwenModel) -> DecodingRoom {
    DecodingRoom(available: model.device == nil ? Int(ar1_memory_available()) : 0)
  }

  /// - Parameters:
  ///   - prompts: of the batch.
  ///   - answers: to each of them.
  /// - Throws: `TaskError` of the class out-of-memory when the keys and values of the batch alone are more than there is;
  ///   the next attempt works on half as much at once.
  package func require(
    for prompts: [Prompt], answers: Int, maxNewTokens: Int, of text: TextConfiguration
  ) throws {
    let rows = prompts.reduce(0) { $0 + $1.ids.count + answers * maxNewTokens }
    let bytes = 4 * rows * text.cachePerToken
    guard available > 0, bytes > available else { return }
    throw TaskError(
      .outOfMemory,
      "\(prompts.count) prompts with \(answers) answers of up to \(maxNewTokens) tokens take \(bytes >> 20) MiB of keys "
        + "and values at once, \(available >> 20) MiB are free")
  }
}

extension TextConfiguration {
  /// Numbers that one token keeps in all layers while answers are drawn.
  var cachePerToken: Int { 2 * layers * keyValueHeads * headDimension }
}
