internal import Inspection
internal import JobModel

/// The rows of a file.
struct RowPrompts: PromptSet {
  let rows: [InstructionExample]
  let folder: String
  let promptProtocol: PromptProtocol
  let maxNewTokens: Int?

  var count: Int { rows.count }
  /// A problem can ask for them itself.
  var asksForTags: Bool { true }

  var pictures: [String] {
    var seen: Set<String> = []
    return rows.flatMap(\.images).filter { seen.insert($0).inserted }.map { image in
      let place = AbsolutePath.of(image, relativeTo: folder) ?? image
      return place.hasPrefix(folder + "/") ? String(place.dropFirst(folder.count + 1)) : place
    }
  }

  var target: RewardName.Target? {
    var kinds: Set<RewardName.Target?> = []
    for row in rows {
      switch row.solution {
      case .letter: kinds.insert(.option)
      case .boxes: kinds.insert(.box)
      case .text: kinds.insert(nil)
      }
    }
    return kinds.count == 1 ? kinds.first ?? nil : nil
  }

  /// One per letter: a step with one answer alone would mostly teach to give it.
  func stratum(of index: Int) -> String {
    switch rows[index].solution {
    case .letter(let letter): "letter/\(letter)"
    case .boxes: "box"
    case .text: "text"
    }
  }

  /// At most so many rows, in their order: of every folder of pictures and every letter its share.
  func limited(to limit: Int?, seed: UInt64) -> RowPrompts {
    guard let limit else { return self }
    let strata = rows.indices.map { index in
      let folders = rows[index].images.first?.split(separator: "/").dropLast() ?? []
      return folders.joined(separator: "/") + "/" + stratum(of: index)
    }
    let places = EvenSubset.places(
      strata: strata, sizes: rows.map { _ in 1 }, limit: limit, seed: seed)
    return RowPrompts(
      rows: places.map { rows[$0] }, folder: folder, promptProtocol: promptProtocol,
      maxNewTokens: maxNewTokens)
  }

  func prompt(of index: Int) throws -> InspectionPrompt {
    rows[index].prompt(promptProtocol, maxNewTokens: maxNewTokens)
  }

  func identity(of index: Int) -> PromptIdentity { PromptIdentity(sample: rows[index].id, question: 0) }

  func target(of index: Int, scale: PictureScale) throws -> RewardTarget {
    try rows[index].rewardTarget(scale: scale)
  }

  func reply(of index: Int, scale: PictureScale) throws -> String {
    rows[index].reply(promptProtocol, scale: scale)
  }

  func text(of index: Int) -> (problem: String, answer: String?) {
    let row = rows[index]
    switch row.solution {
    case .letter(let letter): return (row.problem, letter)
    case .boxes(let boxes): return (row.problem, boxes.map { "\($0)" }.joined(separator: ", "))
    case .text(let text): return (row.problem, text)
    }
  }
}
