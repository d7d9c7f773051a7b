internal import Digests
internal import Images
internal import Inspection
internal import JobModel
internal import OrderedJSON
internal import QwenVL
internal import WorkerRuntime

/// Makes images ready for the model: reads, hashes, looks into the cache, decodes, shrinks or tiles, cuts into patches
/// and encodes the prompt. Everything here runs on a thread beside the model's.
struct ImageReader: Sendable {
  private let settings: ScoreSettings
  private let questions: ScoreQuestions
  private let prompts: PromptSource
  private let caches: ScoreCaches

  init(settings: ScoreSettings, questions: ScoreQuestions, prompts: PromptSource, caches: ScoreCaches) {
    self.settings = settings
    self.questions = questions
    self.prompts = prompts
    self.caches = caches
  }

  /// - Parameter index: of the image in its run.
  func read(_ entry: ImageEntry, index: Int) throws -> ReadImage {
    var row = entry.row
    let prompt = try questions.prompt(for: entry)
    row.references = prompt.imagePaths.count - 1
    do {
      let bytes = try entry.bytes()
      let sha256 = SHA256.digest(of: bytes).hexadecimal
      row.sha256 = sha256
      if let known = try caches.cache(for: entry.category).row(sha256), isComplete(known) {
        return ReadImage(index: index, row: taken(known, for: row), views: [], isFromCache: true)
      }
      let image = try ImageFile.decode(bytes: bytes, name: entry.path)
      (row.width, row.height) = (image.width, image.height)
      row.isClipped = image.isClipped
      let views = try boxes(of: image).map { box in
        try view(of: image, box: box, prompt: prompt)
      }
      return ReadImage(index: index, row: row, views: views, isFromCache: false)
    } catch let error as TaskError {
      throw error
    } catch let error as ImageError {
      row.error = error.reason
    } catch {
      row.error = "\(error)"
    }
    return ReadImage(index: index, row: row, views: [], isFromCache: false)
  }

  /// The row of an image that is not opened again.
  func quarantined(_ entry: ImageEntry, index: Int, deaths: Int) throws -> ReadImage {
    var row = entry.row
    row.error = "set aside: \(deaths) workers died while they had this image alone in hand"
    row.isQuarantined = true
    // Hashing its bytes is safe; the next run knows it by them.
    row.sha256 = (try? entry.bytes()).map { SHA256.digest(of: $0).hexadecimal }
    if row.sha256 != nil { try caches.cache(for: entry.category).store(row) }
    return ReadImage(index: index, row: row, views: [], isFromCache: false)
  }

  /// A kept row whose places were never asked for does not do once a threshold calls the image defective.
  private func isComplete(_ row: ScoreRow) -> Bool {
    var row = row
    row.decide(by: settings.threshold)
    return row.decision != .defect || row.isLocated
  }

  private func taken(_ known: ScoreRow, for row: ScoreRow) -> ScoreRow {
    var known = known
    (known.path, known.file, known.category) = (row.path, row.file, row.category)
    known.references = row.references
    known.decide(by: settings.threshold)
    return known
  }

  private func boxes(of image: RGBImage) -> [PixelBox] {
    let whole = PixelBox(x1: 0, y1: 0, x2: Double(image.width), y2: Double(image.height))
    guard let tiling = settings.tiling else { return [whole] }
    return Tiling(size: tiling.size, overlap: tiling.overlap).tiles(width: image.width, height: image.height)
  }

  private func view(of image: RGBImage, box: PixelBox, prompt: InspectionPrompt) throws -> ReadImage.View {
    let part = image.cropped(x1: Int(box.x1), y1: Int(box.y1), x2: Int(box.x2), y2: Int(box.y2))
    let picture = try prompts.patches(of: part, name: "the image", for: prompt)
    let references = try prompt.imagePaths.dropLast().map {
      ImageSource.patches(try questions.patches(ofReference: $0, for: prompt, prompts), name: $0)
    }
    let encoded = try prompts.encode(
      prompt, pictures: references + [.patches(picture, name: "the image")])
    return ReadImage.View(box: box, prompt: prompt, encoded: encoded, picture: picture)
  }
}

/// An image on its way to the model, or past it where nothing is left to ask.
struct ReadImage: Sendable {
  /// The whole image or a tile of it.
  struct View: Sendable {
    let box: PixelBox
    let prompt: InspectionPrompt
    let encoded: Prompt
    let picture: ImagePatches
  }

  /// Of the image in its run.
  let index: Int
  var row: ScoreRow
  /// Empty where the row says all.
  let views: [View]
  let isFromCache: Bool

  /// Bytes it takes while it waits.
  var weight: Int { views.reduce(1024) { $0 + $1.picture.pixelValues.count * 4 } }
  /// Of its prompts, without those of references, which a batch computes once.
  var tokens: Int {
    views.reduce(0) { sum, view in
      sum + view.encoded.ids.count - view.encoded.images.dropLast().reduce(0) { $0 + $1.tokenCount }
    }
  }
}
