internal import QwenVL
internal import Tensors

/// What a forward and backward pass through a network takes of a GPU's memory beside what stands there: what the layers
/// keep for the gradients, and the most that is there for a moment besides. Matrices inside a layer have the form of
/// the weights, what runs through all of them is float32.
struct PassOnGPU {
  let configuration: QwenConfiguration
  /// Bytes of a number inside a layer.
  let width: Int
  /// Rows of the pass, and those of them that predict tokens of answers.
  let rows: Int, read: Int
  /// Of the images, when the vision tower is trained; otherwise 0.
  var patches = 0
  let recomputesLayers: Bool

  /// Numbers that a row keeps inside a layer, by what they are kept in.
  private struct Kept {
    var float32: Int, narrow: Int
    func bytes(_ width: Int) -> Int { 4 * float32 + width * narrow }
  }

  private var ofLayer: Kept {
    let text = configuration.text
    let (queries, keys) = (text.heads * text.headDimension, text.keyValueHeads * text.headDimension)
    // Both residuals, what each norm divided by, the sums of the attention's weights; both normed inputs, queries, keys
    // and values before and after their rotation, what was attended, gate, factor and their product.
    return Kept(
      float32: 2 * text.hiddenSize + 2 + text.heads,
      narrow: 2 * text.hiddenSize + 2 * (queries + 2 * keys) + queries + 3 * text.intermediateSize)
  }

  private var ofBlock: Kept {
    let vision = configuration.vision
    return Kept(
      float32: 2 * vision.hiddenSize + 2 + vision.heads,
      narrow: 2 * vision.hiddenSize + 7 * vision.hiddenSize + 3 * vision.intermediateSize)
  }

  /// What is kept until the layers' gradients are there.
  var kept: Int {
    let text = configuration.text
    // The embeddings with and without the images' tokens, and the rotary angles.
    let before = 4 * rows * (2 * text.hiddenSize + 2 * text.headDimension)
    if recomputesLayers {
      return before + 4 * rows * text.layers * text.hiddenSize
        + 4 * patches * configuration.vision.depth * configuration.vision.hiddenSize
    }
    // Of the last layer only the rows that are read go beyond the attention.
    let behind = 4 * 2 * text.hiddenSize + width * (text.hiddenSize + 3 * text.intermediateSize)
    return before + rows * text.layers * ofLayer.bytes(width) - (rows - read) * behind
      + patches * configuration.vision.depth * ofBlock.bytes(width)
  }

  /// The most that is there besides at a time: a block of logits with its gradient, or what one layer keeps and the
  /// gradients of it.
  var passing: Int {
    let text = configuration.text
    let rowsOfLogits = max(1, min(read, CUDADevice.logitBudget / text.vocabularySize))
    let logits =
      rowsOfLogits * text.vocabularySize * (4 + (width == 2 ? 2 : 0)) + 4 * 3 * read * text.hiddenSize
    let gradients =
      rows * (4 * 2 * text.hiddenSize + width * (4 * text.hiddenSize + 3 * text.intermediateSize))
    let again = recomputesLayers ? rows * ofLayer.bytes(width) : 0
    return max(logits, gradients + again)
  }
}
