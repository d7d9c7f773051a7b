import OrderedJSON

/// Where a training branches off another one: it goes on from that run's weights and moments, with the prompts that
/// come next, and shares nothing with it from there on.
public struct ForkSettings: Sendable, Equatable, Encodable {
  /// The training it branches off.
  public var run: Int
  /// Steps that one had taken; the fork's first step is the next.
  public var step: Int
  /// Folder of the full state after that step.
  public var checkpoint: String
  /// Hash of its manifest, lower-case hexadecimal.
  public var sha256: String

  public init(run: Int, step: Int, checkpoint: String, sha256: String) {
    self.run = run
    self.step = step
    self.checkpoint = checkpoint
    self.sha256 = sha256
  }

  init(_ reader: inout SettingsReader) {
    run = reader.optionalInteger(CodingKeys.run, in: 1...Int(Int32.max)) ?? 0
    step = reader.optionalInteger(CodingKeys.step, in: 1...1_000_000) ?? 0
    checkpoint = reader.path(CodingKeys.checkpoint, meaning: "the folder of a full state")
    sha256 = reader.optionalText(CodingKeys.sha256, longest: 64) ?? ""
    if run < 1 || step < 1 || sha256.utf8.count != 64 {
      reader.objection(CodingKeys.run, "run, step and sha256 belong to a fork; let 'ar1 fork' write them")
    }
  }

  enum CodingKeys: String, CodingKey { case run, step, checkpoint, sha256 }
}
