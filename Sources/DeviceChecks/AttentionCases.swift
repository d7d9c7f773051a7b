import Tensors

extension OperationCase {
  /// Attention by layouts of every kind: texts, windows, prompts with answers, packed; few and many heads; and steps of
  /// generation over long prompts, whose keys are divided among blocks.
  static var attentions: [OperationCase] {
    [
      attention("a text", .causal(75), heads: 4, kvHeads: 2, width: 24),
      attention("a text with seven heads a key head", .causal(40), heads: 7, kvHeads: 1, width: 16),
      attention("a text with heads of 128", .causal(45), heads: 2, kvHeads: 2, width: 128),
      attention("windows", .windows([0..<33, 33..<37, 37..<110]), heads: 2, kvHeads: 2, width: 20),
      attention(
        "a prompt with answers", .promptWithAnswers(promptCount: 70, answerCounts: [9, 1, 40]), heads: 4,
        kvHeads: 1, width: 16),
      attention(
        "prompts with answers",
        .packed([
          .promptWithAnswers(promptCount: 37, answerCounts: [5, 6]),
          .promptWithAnswers(promptCount: 3, answerCounts: [34]),
        ]), heads: 4, kvHeads: 2, width: 16),
      attention("a long text", .causal(300), heads: 1, kvHeads: 1, width: 8),
      // On tensor cores, which round weights and gradients too.
      attention("a text in bfloat16", .causal(135), heads: 4, kvHeads: 2, width: 24, precision: .bfloat16),
      attention(
        "windows in bfloat16", .windows([0..<70, 70..<73]), heads: 2, kvHeads: 2, width: 80,
        precision: .bfloat16),
      attention(
        "a prompt with answers in bfloat16", .promptWithAnswers(promptCount: 70, answerCounts: [9, 1, 40]),
        heads: 7, kvHeads: 1, width: 128, precision: .bfloat16),
      narrowText, generation(narrow: false), generation(narrow: true),
    ]
  }

  private static func attention(
    _ what: String, _ layout: SegmentLayout, heads: Int, kvHeads: Int, width: Int,
    precision: DType = .float32
  ) -> OperationCase {
    let (queries, keys) = ([layout.queryCount, heads * width], [layout.keyCount + 3, kvHeads * width])
    return OperationCase(
      name: "attention of \(what)", shapes: [queries, keys, keys], isRound: precision == .bfloat16,
      limit: precision == .float32 ? 2e-5 : 1e-2
    ) {
      Tensors.attention(
        scale($0[0], by: 4), $0[1], $0[2], heads: heads, kvHeads: kvHeads, scale: 0.5, layout: layout,
        precision: precision)
    }
  }

  /// With queries in bfloat16 too, and so is the result.
  private static var narrowText: OperationCase {
    let layout = SegmentLayout.promptWithAnswers(promptCount: 70, answerCounts: [9, 1, 40])
    return OperationCase(
      name: "attention of a prompt with answers that are in bfloat16",
      shapes: [[120, 160], [120, 80], [120, 80]], narrow: [0, 1, 2], isRound: true, hasGradients: false,
      limit: 5e-3
    ) { inputs in
      // The processor takes float32 alone.
      let onGPU = inputs[0].device != nil
      let (q, k, v) = (inputs[0], inputs[1], inputs[2])
      let out =
        onGPU
        ? Tensors.attention(q, k, v, heads: 2, kvHeads: 1, scale: 0.5, layout: layout)
        : Tensors.attention(
          q.inFloat32(), k.inFloat32(), v.inFloat32(), heads: 2, kvHeads: 1, scale: 0.5, layout: layout)
      precondition(out.dtype == (onGPU ? .bfloat16 : .float32), "the form of the result is the queries'")
      return out
    }
  }

  /// Three sequences behind one long prompt and one behind another.
  private static func generation(narrow: Bool) -> OperationCase {
    let prompts = [0..<700, 700..<750]
    let own = [750..<760, 800..<801, 850..<1190, 1200..<1210]
    let segments = own.enumerated().map { index, keys in
      SegmentLayout.Segment(
        queries: index..<index + 1,
        keys: [prompts[index / 3], keys].map { SegmentLayout.KeyRange($0, causal: false) })
    }
    let shape = [1250, 32]
    return OperationCase(
      name: "attention of a step of generation" + (narrow ? " over bfloat16" : ""),
      shapes: [[4, 128], shape, shape], narrow: narrow ? [1, 2] : [], isRound: narrow,
      hasGradients: false, limit: narrow ? 5e-3 : 2e-5
    ) { inputs in
      guard let layout = try? SegmentLayout(segments: segments, queryCount: 4, keyCount: 1250) else {
        preconditionFailure("the check's layout is well formed")
      }
      // The processor takes float32 alone.
      let keys = inputs[1].device == nil ? inputs[1].inFloat32() : inputs[1]
      let values = inputs[2].device == nil ? inputs[2].inFloat32() : inputs[2]
      return Tensors.attention(
        scale(inputs[0], by: 4), keys, values, heads: 8, kvHeads: 2, scale: 0.5, layout: layout)
    }
  }
}
