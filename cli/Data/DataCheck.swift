import ArgumentParser
import FoundationEssentials
import Images
import Inspection
import OrderedJSON

struct DataCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Say what a data set is, how much of it there is, and what is missing.",
    discussion: """
      Known are MMAD and data sets in its layout, MVTec-AD, MVTec-LOCO, VisA as downloaded and split, GoodsAD, \
      MVTec3D-AD, RefCOCO in its processed form, files of training rows, and plain folders with normal/ and \
      anomalous/. A copy with all categories is compared with the numbers its authors state. The exit code is 1 when \
      pictures that an index names are missing or cannot be read.

      Example: ar1 data check data/mmad
      """)

  @Argument(help: "Folder or file of the data set.", completion: .directory) var path: String
  @Flag(help: "Also decode every picture and mask.") var decode = false
  @Flag(help: "Print one JSON document.") var json = false

  func run() throws {
    let dataset = try DatasetCatalogue.open(URL(filePath: path).standardizedFileURL.path)
    let survey = DatasetSurvey(of: dataset)
    let broken = decode ? Self.broken(dataset) : []
    if json {
      var document = survey.json
      if decode { document = document.setting("unreadable", to: .array(broken.map(JSON.string))) }
      JSONOutput.print(document)
    } else {
      show(survey)
      if decode { show("pictures cannot be read", broken) }
    }
    if !survey.isComplete || !broken.isEmpty { throw ExitCode(1) }
  }

  /// The errors of pictures that are there and cannot be decoded.
  private static func broken(_ dataset: Dataset) -> [String] {
    var paths: [String] = []
    for picture in dataset.pictures { paths += [picture.imagePath] + picture.maskPaths }
    for sample in dataset.questioned {
      paths.append(sample.imagePath)
      if let mask = sample.maskPath { paths.append(mask) }
      paths += sample.randomTemplates + sample.similarTemplates
    }
    for example in dataset.examples { paths += example.images }
    var known: Set<String> = []
    return paths.filter { known.insert($0).inserted && FileManager.default.fileExists(atPath: $0) }
      .compactMap { path -> String? in
        do {
          _ = try ImageFile.decode(path: path)
          return nil
        } catch {
          return "\(error)"
        }
      }
  }

  private func show(_ survey: DatasetSurvey) {
    let layout = DatasetCatalogue.layout(named: survey.layout)
    Terminal.write("\(survey.title) in the layout \(survey.layout): \(layout?.form ?? "")\n")
    for (kind, count) in survey.rows {
      Terminal.write("\(Format.count(count)) rows whose solution is a \(kind)\n")
    }
    if !survey.categories.isEmpty {
      table(survey).print()
      let images = survey.categories.reduce(0) { $0 + $1.images }
      let questions = survey.categories.reduce(0) { $0 + $1.questions }
      Terminal.write(
        "\(Format.count(images)) images, "
          + (survey.categories.count == 1 ? "1 class" : "\(survey.categories.count) classes") + " of products"
          + (questions > 0 ? ", \(Format.count(questions)) questions" : "") + "\n")
    }
    if survey.categories.isEmpty, survey.rows.isEmpty { Terminal.write("it names no picture and no row\n") }
    let differing = survey.comparisons.filter { !$0.agrees }
    if !survey.comparisons.isEmpty, differing.isEmpty {
      Terminal.write("all \(survey.comparisons.count) numbers agree with the published ones\n")
    }
    for entry in differing {
      Terminal.write(
        "\(entry.what): \(Format.count(entry.found)), published are \(Format.count(entry.published))\n")
    }
    for (kind, words) in [
      (Dataset.Shortcoming.Kind.image, "images are missing"), (.mask, "defective pictures have no mask"),
      (.template, "reference images are missing"),
    ] {
      show(words, survey.shortcomings.filter { $0.kind == kind }.map(\.name))
    }
    for note in survey.shortcomings where note.kind == .note { Terminal.write(note.name + "\n") }
    if survey.isComplete { Terminal.write("no image is missing\n") }
  }

  private func show(_ words: String, _ names: [String]) {
    guard let first = names.first else { return }
    Terminal.write(
      "\(Format.count(names.count)) \(words), the first is \(first) (all of them: --json)\n")
  }

  private func table(_ survey: DatasetSurvey) -> Table {
    var table = Table([
      .left("class"), .right("train"), .right("validation"), .right("good"), .right("defective"),
      .right("unlabelled"), .right("masks"), .right("questions"), .left("kinds of defect"),
    ])
    for category in survey.categories {
      let kinds = category.testDefective.sorted { $0.key < $1.key }
      table.add([
        "\(category.name)", "\(category.train)", "\(category.validation)", "\(category.testGood)",
        "\(kinds.reduce(0) { $0 + $1.value })", "\(category.unlabelled)", "\(category.masks)",
        "\(category.questions)", .init(kinds.map { "\($0.key) \($0.value)" }.joined(separator: ", ")),
      ])
    }
    return table
  }
}
