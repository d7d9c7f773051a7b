/// The beginnings that prompts have in common, as a tree: what several prompts begin with is computed once.
///
/// Prompts begin alike as far as they have the same tokens at the same positions and show the same images there.
/// Questions on one image share it and what stands before it; prompts with one reference image and different
/// images behind it share the reference.
package struct PromptPrefixes {
  /// A run of tokens; what it sees are its ancestors' tokens and its own.
  package struct Node {
    /// A prompt that has these tokens, and where it has them.
    package var prompt: Int
    package var tokens: Range<Int>
    package var parent: Int?
    /// The row of its first token, in the order of the tree.
    package var firstRow = 0
    package var rows: Range<Int> { firstRow..<firstRow + tokens.count }
  }

  /// The first tokens of a prompt, which get nodes of their own.
  package struct Beginning {
    package let prompt: Int
    package let count: Int
  }

  /// Beginnings shorter than this are not worth cutting a node for.
  package static let shortest = 16

  /// Parents before children, each with all that is below it.
  package let nodes: [Node]
  /// For every prompt the node of its end, which is its own.
  package let ends: [Int]
  /// Rows of all nodes together.
  package let rowCount: Int

  /// - Parameters:
  ///   - images: for every prompt, what identifies its images.
  ///   - beginnings: where nodes end whether or not prompts have more in common; shorter than their prompts.
  package init(
    _ prompts: [Prompt], images: [[Int]], imageToken: Int, beginnings: [Beginning] = []
  ) {
    var building = Building(prompts, images, imageToken)
    for beginning in beginnings { building.insert(beginning) }
    for prompt in prompts.indices { building.insert(prompt) }
    (nodes, ends, rowCount) = building.ordered()
  }

  /// The rows a prompt consists of, its beginning first.
  package func rows(of prompt: Int) -> [Range<Int>] { rows(to: ends[prompt]) }

  /// The rows of a beginning that the tree was made with.
  package func rows(of beginning: Beginning) -> [Range<Int>] {
    var left = beginning.count
    return rows(of: beginning.prompt).compactMap { rows in
      let own = rows.prefix(left)
      left -= own.count
      return own.isEmpty ? nil : own
    }
  }

  /// The rows of a node behind those of its ancestors.
  package func rows(to node: Int) -> [Range<Int>] {
    var rows: [Range<Int>] = []
    var next: Int? = node
    while let node = next {
      rows.append(nodes[node].rows)
      next = nodes[node].parent
    }
    return rows.reversed()
  }

  /// Neighbouring nodes of at most `limit` rows together; a longer node is alone.
  /// - Parameter done: nodes that are in no part.
  package func parts(of limit: Int, without done: Set<Int> = []) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var rows = 0
    for (index, node) in nodes.enumerated() where !done.contains(index) {
      if let last = parts.last, last.upperBound == index, rows + node.tokens.count <= limit {
        parts[parts.count - 1] = last.lowerBound..<index + 1
        rows += node.tokens.count
      } else {
        parts.append(index..<index + 1)
        rows = node.tokens.count
      }
    }
    return parts
  }
}

/// The tree while prompts are put into it.
private struct Building {
  struct Branch {
    var prompt: Int
    var tokens: Range<Int>
    var parent: Int?
    var children: [Int] = []
    /// The prompt whose end it is.
    var endOf: Int?
  }

  private let prompts: [Prompt]
  /// For every prompt, at each token of an image which image it is, and −1 elsewhere; empty without images.
  private let imageAt: [[Int]]
  private var branches: [Branch] = []
  private var roots: [Int] = []

  init(_ prompts: [Prompt], _ images: [[Int]], _ imageToken: Int) {
    self.prompts = prompts
    imageAt = zip(prompts, images).map { prompt, images in
      images.isEmpty ? [] : Self.imageAt(prompt, images, imageToken)
    }
  }

  /// Runs of image tokens in the order of the prompt's images, as ``Prompt`` checked them.
  private static func imageAt(_ prompt: Prompt, _ images: [Int], _ token: Int) -> [Int] {
    var result = [Int](repeating: -1, count: prompt.ids.count)
    var (image, left) = (-1, 0)
    for index in prompt.ids.indices where prompt.ids[index] == token {
      while left == 0 {
        image += 1
        guard image < images.count else { return result }
        left = prompt.images[image].tokenCount
      }
      result[index] = images[image]
      left -= 1
    }
    return result
  }

  mutating func insert(_ beginning: PromptPrefixes.Beginning) {
    let (parent, start) = place(of: beginning.prompt, to: beginning.count)
    guard start < beginning.count else { return }
    add(Branch(prompt: beginning.prompt, tokens: start..<beginning.count, parent: parent))
  }

  mutating func insert(_ prompt: Int) {
    // Every prompt keeps at least its last token for itself, behind which its answers begin.
    let end = prompts[prompt].ids.count
    let (parent, start) = place(of: prompt, to: end - 1)
    add(Branch(prompt: prompt, tokens: start..<end, parent: parent, endOf: prompt))
  }

  /// The branch behind which a prompt goes its own way, and with which token, at most the one at `limit`.
  private mutating func place(of prompt: Int, to limit: Int) -> (parent: Int?, start: Int) {
    var parent: Int?
    var start = 0
    descending: while true {
      for child in parent.map({ branches[$0].children }) ?? roots {
        let branch = branches[child]
        let last = branch.endOf == nil ? branch.tokens.upperBound : branch.tokens.upperBound - 1
        let end = commonEnd(branch.prompt, prompt, from: start, to: min(last, limit))
        let isWhole = branch.endOf == nil && end == branch.tokens.upperBound
        guard isWhole || end - start >= PromptPrefixes.shortest else { continue }
        if end < branch.tokens.upperBound { split(child, at: end) }
        parent = child
        start = end
        continue descending
      }
      return (parent, start)
    }
  }

  private mutating func add(_ branch: Branch) {
    if let parent = branch.parent {
      branches[parent].children.append(branches.count)
    } else {
      roots.append(branches.count)
    }
    branches.append(branch)
  }

  /// Cuts a branch in two; it keeps its place with the first part, the rest becomes its only child.
  private mutating func split(_ index: Int, at end: Int) {
    var rest = branches[index]
    rest.tokens = end..<rest.tokens.upperBound
    rest.parent = index
    for child in rest.children { branches[child].parent = branches.count }
    branches[index].tokens = branches[index].tokens.lowerBound..<end
    branches[index].children = [branches.count]
    branches[index].endOf = nil
    branches.append(rest)
  }

  private func commonEnd(_ a: Int, _ b: Int, from start: Int, to limit: Int) -> Int {
    let (one, other) = (prompts[a], prompts[b])
    let (images, others) = (imageAt[a], imageAt[b])
    var end = start
    while end < limit, one.ids[end] == other.ids[end],
      (images.isEmpty ? -1 : images[end]) == (others.isEmpty ? -1 : others[end]),
      one.positions.indices.allSatisfy({ one.positions[$0][end] == other.positions[$0][end] })
    {
      end += 1
    }
    return max(end, start)
  }

  func ordered() -> (nodes: [PromptPrefixes.Node], ends: [Int], rowCount: Int) {
    var nodes: [PromptPrefixes.Node] = []
    var ends = [Int](repeating: 0, count: prompts.count)
    var row = 0
    var pending: [(branch: Int, parent: Int?)] = roots.reversed().map { ($0, nil) }
    while let (index, parent) = pending.popLast() {
      let branch = branches[index]
      if let prompt = branch.endOf { ends[prompt] = nodes.count }
      let node = PromptPrefixes.Node(
        prompt: branch.prompt, tokens: branch.tokens, parent: parent, firstRow: row)
      pending += branch.children.reversed().map { ($0, nodes.count) }
      nodes.append(node)
      row += branch.tokens.count
    }
    return (nodes, ends, row)
  }
}
