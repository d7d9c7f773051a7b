import FoundationEssentials
import PostTraining
import Testing

@Suite struct TensorBoardEventsTests {
  @Test("event files are those TensorBoard's own library writes, byte for byte")
  func golden() throws {
    let written =
      TensorBoardEvents.header(time: 1_700_000_000)
      + TensorBoardEvents.scalars(["reward/mean": 0.25, "kl": 0], step: 1, time: 1_700_000_001.5)
      + TensorBoardEvents.scalars(
        ["kl": 0.0625, "gradient_norm": 1e-7, "reward/mean": -1.5, "broken": .nan], step: 300,
        time: 1_700_000_002.25)
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let golden = URL(filePath: "/\(tests)/Golden/post-training/tensorboard-events.bin")
    #expect(written == [UInt8](try Data(contentsOf: golden)))
  }
}
