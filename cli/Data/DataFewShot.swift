import ArgumentParser
import Inspection
import OrderedJSON

struct DataFewShot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "few-shot",
    abstract: "Split a data set into few pictures to learn from and the rest to be measured on.",
    discussion: """
      As in sections 1 and 3.5 of the paper: 600 pictures, 2 to 5 of each kind of defect of each product (and of its good \
      ones). OUTPUT gets train/ and evaluation/, which are data sets in MMAD's layout whose pictures are links, and \
      few-shot.json with what was chosen. No picture is in both. Of a data set that is not in MMAD's layout (MVTec-AD, \
      VisA, normal/ and anomalous/, …) the test pictures are split, and asked whether there is a defect.

      Example: ar1 data few-shot data/mmad --output data/few --seed 1
      """)

  @Argument(
    help: "A data set with questions (mmad.json) or with labelled test pictures.", completion: .directory)
  var source: String
  @Option(help: "Folder to write to; made if new.", completion: .directory) var output: String
  @Option(help: "Pictures to learn from.") var images = 600
  @Option(help: "At least so many of a class, where it has as many.") var least = 2
  @Option(help: "At most so many of a class.") var most = 5
  @Option(help: "Decides which pictures.") var seed: UInt64 = 0
  @Flag(help: "Print one JSON document.") var json = false

  func validate() throws {
    guard images >= 1 else { throw ValidationError("--images is 1 or more") }
    guard least >= 0, least <= most, most <= 1_000_000 else {
      throw ValidationError("--least is 0 or more, and --most not below it")
    }
  }

  func run() throws {
    let split = try FewShotFolders(
      source: source, output: output, count: images, perClass: least...most, seed: seed)
    let selection = split.selection
    if json {
      return JSONOutput.print([
        "train": .string(output + "/train"), "training": .integer(selection.training.count),
        "evaluation": .string(output + "/evaluation"), "remaining": .integer(selection.remaining.count),
        "classes": .integer(selection.classes.count),
      ])
    }
    Terminal.write(
      "\(Format.count(selection.training.count)) pictures of \(Format.count(selection.classes.count)) classes to learn "
        + "from in \(output)/train, \(Format.count(selection.remaining.count)) to be measured on in "
        + "\(output)/evaluation\n")
    if selection.training.count != images {
      Terminal.write(
        "asked for were \(Format.count(images)): with \(least) to \(most) of each class there are no "
          + (selection.training.count < images ? "more" : "fewer") + "\n")
    }
  }
}
