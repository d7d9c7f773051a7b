/// What the model is asked: tokens, their positions and the images among them.
public struct Prompt: Sendable, Equatable {
  /// Identifiers, one run of the image token per image token of every image.
  public let ids: [Int]
  /// Temporal, height and width position of every token: 3 × `ids.count`.
  public let positions: [[Int]]
  /// In the order of their runs.
  public let images: [ImagePatches]

  /// The position of the first token that follows, the same on all three axes. Further ones count on from it.
  public let nextPosition: Int

  /// Gives every token its multimodal rotary position.
  ///
  /// Text counts up on all three axes at once. An image's tokens share one temporal position, their height
  /// and width count their row and column from there, and the text after it begins where the longer of the
  /// two sides ended.
  ///
  /// - Throws: ``PromptError`` when the image tokens do not match the images, run by run.
  public init(ids: [Int], images: [ImagePatches], imageTokenID: Int) throws(PromptError) {
    let runs = try Self.imageRuns(ids, images, imageTokenID)
    var positions = Array(repeating: [Int](), count: 3)
    for axis in 0..<3 { positions[axis].reserveCapacity(ids.count) }
    var next = 0
    var index = 0
    var run = 0
    while index < ids.count {
      if run < runs.count, runs[run] == index {
        let image = images[run]
        for row in 0..<image.tokenRows {
          for column in 0..<image.tokenColumns {
            positions[0].append(next)
            positions[1].append(next + row)
            positions[2].append(next + column)
          }
        }
        next += max(image.tokenRows, image.tokenColumns)
        index += image.tokenCount
        run += 1
      } else {
        for axis in 0..<3 { positions[axis].append(next) }
        next += 1
        index += 1
      }
    }
    self.ids = ids
    self.images = images
    self.positions = positions
    self.nextPosition = next
  }

  /// The indices at which the images begin: each is followed by exactly its number of image tokens.
  private static func imageRuns(_ ids: [Int], _ images: [ImagePatches], _ imageTokenID: Int)
    throws(PromptError) -> [Int]
  {
    var runs: [Int] = []
    var index = 0
    while index < ids.count {
      guard ids[index] == imageTokenID else {
        index += 1
        continue
      }
      let length = ids[index...].prefix { $0 == imageTokenID }.count
      guard runs.count < images.count else {
        throw PromptError(
          "the prompt holds \(length) image tokens at token \(index) that belong to no image: "
            + "there are \(images.count) images")
      }
      let needed = images[runs.count].tokenCount
      guard length >= needed else {
        throw PromptError(
          "image \(runs.count + 1) takes \(needed) tokens, but the prompt holds \(length) image tokens for it "
            + "at token \(index)")
      }
      runs.append(index)
      index += needed
    }
    guard runs.count == images.count else {
      throw PromptError("the prompt holds image tokens for \(runs.count) of \(images.count) images")
    }
    return runs
  }
}
