import Tensors

/// The keys and values of what prompts began with, those used last, up to a number of bytes.
final class KeptBeginnings {
  private struct Entry {
    let ids: ArraySlice<Int>
    let positions: [ArraySlice<Int>]
    let images: [ImagePatches]
    /// [tokens, kvHeads * headDim], one pair a layer.
    let layers: [(keys: Tensor, values: Tensor)]

    var bytes: Int {
      layers.reduce(0) { $0 + ($1.keys.count + $1.values.count) * MemoryLayout<Float>.stride }
    }

    /// Whether a prompt has the first `count` tokens of this one, at the same positions and of the same images.
    func begins(_ prompt: Prompt, _ count: Int, imageToken: Int) -> Bool {
      guard count <= ids.count, count <= prompt.ids.count, prompt.ids[..<count] == ids.prefix(count) else {
        return false
      }
      guard zip(positions, prompt.positions).allSatisfy({ $0.prefix(count) == $1[..<count] }) else {
        return false
      }
      var left = ids.prefix(count).count { $0 == imageToken }
      for (own, other) in zip(images, prompt.images) where left > 0 {
        guard DistinctImages.same(own, other) else { return false }
        left -= own.tokenCount
      }
      return left <= 0
    }
  }

  private var entries: [Entry] = []
  private let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  func removeAll() { entries = [] }

  /// Puts the keys and values of some tokens of a prompt into a cache, if they are kept.
  func fill(
    _ cache: KeyValueCache, from row: Int, with prompt: Prompt, _ tokens: Range<Int>, imageToken: Int
  ) -> Bool {
    guard
      let index = entries.lastIndex(where: { $0.begins(prompt, tokens.upperBound, imageToken: imageToken) })
    else { return false }
    let found = entries.remove(at: index)
    entries.append(found)
    for (layer, (keys, values)) in found.layers.enumerated() {
      cache.write(layer: layer, keys: slicedRows(keys, tokens), values: slicedRows(values, tokens), from: row)
    }
    return true
  }

  /// Keeps the first `count` tokens of a prompt, which lie in these rows of a cache, unless they are kept already.
  func keep(_ prompt: Prompt, _ count: Int, rows: [Range<Int>], of cache: KeyValueCache, imageToken: Int) {
    if entries.contains(where: { $0.begins(prompt, count, imageToken: imageToken) }) { return }
    var left = prompt.ids[..<count].count { $0 == imageToken }
    let images = prompt.images.prefix { image in
      defer { left -= image.tokenCount }
      return left > 0
    }
    let entry = Entry(
      ids: prompt.ids[..<count], positions: prompt.positions.map { $0[..<count] }, images: Array(images),
      layers: cache.copies(of: rows))
    guard entry.bytes <= bytes else { return }
    entries.append(entry)
    while entries.reduce(0, { $0 + $1.bytes }) > bytes { entries.removeFirst() }
  }
}
