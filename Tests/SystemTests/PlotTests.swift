import FoundationEssentials
import Testing

/// `ar1 plot`, which makes the pictures of studies.
@Suite(.timeLimit(.minutes(1)))
struct PlotTests {
  private let scratch: Scratch
  private let program: Program

  init() throws {
    scratch = try Scratch()
    program = Program(path: Program.built, folder: scratch.path)
  }

  @Test(
    "Trainings of one label are drawn in one colour, with their mean over them and one line in the legend")
  func repetitions() async throws {
    for (name, values) in [("a", [0.0, 1.0]), ("b", [1.0, 0.0]), ("c", [0.25, 0.75])] {
      let lines = values.enumerated().map { #"{"step":\#($0.offset),"reward/mean":\#($0.element)}"# }
      _ = try scratch.write(lines.joined(separator: "\n"), to: "\(name).jsonl")
    }
    let drawn = try await program.document([
      "plot", "ROAM=a.jsonl", "ROAM=b.jsonl", "other=c.jsonl", "--output", "plot.svg",
    ])
    #expect(drawn["curves"]?.array?.map { $0["points"]?.int } == [2, 2, 2])
    let picture = Program.text(scratch.path + "/plot.svg")
    #expect(picture.matches(of: /<polyline/).count == 4)
    #expect(picture.matches(of: /<polyline[^>]*#0072B2/).count == 3)
    // The mean of 0, 1 and 1, 0 is level.
    #expect(picture.contains(/<polyline points="70\.0,(\d+\.\d) 730\.0,\1"[^>]*stroke-width="2\.4"/))
    #expect(picture.contains("ROAM (mean of 2)"))
    #expect(picture.matches(of: /ROAM/).count == 1)
  }

  @Test("A metric that was never measured is named, and nothing is written")
  func missingMetric() async throws {
    _ = try scratch.write(#"{"step":1,"reward/mean":0.5}"#, to: "a.jsonl")
    let run = try await program.run(["plot", "a.jsonl", "--metric", "reward/maen", "--output", "plot.svg"])
    #expect(run.code != 0)
    #expect(run.error.contains("reward/maen; it has reward/mean"), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/plot.svg"))
  }
}
