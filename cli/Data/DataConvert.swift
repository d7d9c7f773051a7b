import ArgumentParser
import Inspection
import OrderedJSON

struct DataConvert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Bring a data set into MMAD's format.",
    discussion: "Example: ar1 data convert mvtec3d data/mvtec3d --output data/mvtec3d-mmad --seed 1",
    subcommands: [ConvertMVTec3D.self])
}

struct ConvertMVTec3D: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mvtec3d",
    abstract: "Make MMAD's questions from MVTec3D-AD's folders and masks.",
    discussion: """
      As in section 4.6 of the paper: of every test picture it is asked whether there is a defect and which product it \
      shows, of defective ones also the kind of defect and its place, which comes from the mask: the cell of a 3 × 3 \
      grid that holds most of it, beside cells it does not touch. OUTPUT gets mmad.json and a link to the pictures; the \
      same seed gives the same file. Evaluate it with no reference: the report has a row per category, and Table 4 of \
      the paper beside it.

      Example: ar1 data convert mvtec3d data/mvtec3d --output data/mvtec3d-mmad --seed 1
               ar1 eval --model models/base --data data/mvtec3d-mmad --references 0 --output results/3d --wait
      """)

  @Argument(help: "Folder with MVTec3D-AD's categories.", completion: .directory) var source: String
  @Option(help: "Folder to write to; made if new.", completion: .directory) var output: String
  @Option(help: "Decides distractors, the order of options and references.") var seed: UInt64 = 0
  @Flag(help: "Print one JSON document.") var json = false

  func run() throws {
    let made = try MVTec3DConversion(source: source, output: output, seed: seed)
    if json {
      return JSONOutput.print([
        "output": .string(output + "/mmad.json"), "images": .integer(made.images),
        "questions": .object(made.questions.map { JSON.Member($0.type.rawValue, .integer($0.count)) }),
        "without_place": .array(made.withoutPlace.map { .string($0) }),
      ])
    }
    let total = made.questions.reduce(0) { $0 + $1.count }
    Terminal.write(
      "\(Format.count(total)) questions on \(Format.count(made.images)) images in \(output)/mmad.json\n")
    for entry in made.questions { Terminal.write("  \(entry.type.rawValue): \(Format.count(entry.count))\n") }
    if !made.withoutPlace.isEmpty {
      Terminal.write(
        "\(Format.count(made.withoutPlace.count)) defects are spread too widely to ask for their place, "
          + "\(made.withoutPlace[0]) for one\n")
    }
  }
}
