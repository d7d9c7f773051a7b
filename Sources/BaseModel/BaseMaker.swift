import FoundationEssentials
package import Inspection
import OrderedJSON
import PostTraining
package import QwenVL
import Tensors

/// Makes a base model by its recipe.
///
/// The same recipe gives the same bytes on the same kind of machine with the same number of threads.
public struct BaseMaker: Sendable {
  public let recipe: BaseRecipe

  public init(recipe: BaseRecipe) {
    self.recipe = recipe
  }

  /// Makes the model and saves it as a folder that transformers opens too, weights in bfloat16.
  ///
  /// - Parameters:
  ///   - folder: made if it does not exist; files of the same names are replaced, at the end.
  ///   - onProgress: called after every step.
  /// - Throws: `BaseError` for an impossible recipe or a folder that cannot be written.
  public func make(folder: String, onProgress: (BaseProgress) -> Void = { _ in }) throws -> BaseReport {
    try recipe.validate()
    let files = try BaseFolder(folder)
    let corpus = SpeechCorpus(seed: recipe.seed)

    // The tokenizer knows every word of the demonstration too; the pictures are what stays unseen.
    var training = TokenizerTraining()
    for text in corpus.texts(about: SyntheticProduct.allCases, count: recipe.tokenizerTexts) {
      training.add(text)
    }
    try files.writeTokenizer(training.tokenizerJSON(vocabularySize: recipe.vocabularySize))
    let tokenizer = try Tokenizer(folder: files.draft)
    let configuration = try BaseRecipe.configuration(tokenizer: tokenizer)
    try files.writeSettings(configuration)

    let model = try QwenModel.random(configuration: configuration, seed: recipe.seed, training: .all)
    let prompts = try PromptEncoder(
      assembly: PromptAssembly(configuration: configuration, processor: ImageProcessor(folder: files.draft)),
      tokenizer: tokenizer)
    let encoder = LessonEncoder(prompts: prompts)
    CosineFilters.write(
      into: model, brightness: 80, deviation: recipe.filterDeviation,
      pictures: try (0..<recipe.filterPictures).map { try encoder.patches(of: corpus.picture($0)) })

    let sight = try learnSight(model, corpus, encoder, onProgress)
    let speech = try learnSpeech(model, corpus, encoder, onProgress)
    try model.save(to: files.draft, dtype: .bfloat16)
    try files.publish()

    // The check is of what was saved, in its lower precision.
    let saved = try QwenModel.load(folder: folder)
    let check = BaseCheck(model: saved, encoder: encoder)
    let seed = recipe.seed &+ 1
    return BaseReport(
      parameters: model.parameterCount, vocabulary: tokenizer.vocabularySize, bytes: files.bytes,
      sight: sight,
      speech: speech,
      known: try check.run(products: corpus.products, pictures: recipe.checkPictures, seed: seed),
      demonstration: try check.run(
        products: SyntheticProduct.demonstration, pictures: recipe.checkPictures, seed: seed))
  }

  package func learnSight(
    _ model: QwenModel, _ corpus: SpeechCorpus, _ encoder: LessonEncoder, _ onProgress: (BaseProgress) -> Void
  ) throws -> BaseReport.Stage {
    let plan = recipe.sight
    let trainer = SightTrainer(model: model, products: corpus.products, plan: plan)
    // Drawing a picture takes about as long as learning from it, so each is laid down in several ways.
    let count = max(1, plan.steps * plan.pictures / recipe.sightPasses)
    let order = PromptStream(count: count, seed: recipe.seed)
    var drawn: [Int: SightLesson] = [:]
    var meter = StageMeter(.sight, plan)
    for step in 0..<plan.steps {
      let ordinals = step * plan.pictures..<(step + 1) * plan.pictures
      let lessons = zip(ordinals, order.indices(of: ordinals)).map { ordinal, index in
        let lesson = drawn[index] ?? SightLesson(corpus.picture(index), products: corpus.products)
        drawn[index] = lesson
        // Odd steps through the eight orientations, so that no pass repeats an earlier one's.
        return lesson.turned((index + 3 * (ordinal / count)) % SightLesson.orientations)
      }
      onProgress(meter.advance(loss: try trainer.step(lessons, patches: encoder.patches(of: lessons))))
    }
    var outcome = meter.outcome
    outcome.separation = try [corpus.products, SyntheticProduct.demonstration].map { products in
      let pictures = BaseCheck.pictures(0..<recipe.checkPictures, products, seed: recipe.seed &+ 1)
      let goodness = zip(pictures, try trainer.goodness(of: pictures.map { try encoder.patches(of: $0) }))
      return SightTrainer.separation(
        good: goodness.filter { $0.0.isGood }.map(\.1), defective: goodness.filter { !$0.0.isGood }.map(\.1))
    }
    return outcome
  }

  package func learnSpeech(
    _ model: QwenModel, _ corpus: SpeechCorpus, _ encoder: LessonEncoder, _ onProgress: (BaseProgress) -> Void
  ) throws -> BaseReport.Stage {
    let plan = recipe.speech
    let trainer = try SupervisedTrainer(
      policy: recipe.speechTrainsVision ? model : model.training(.language), optimizer: plan.optimizer,
      schedule: plan.schedule)
    // Pictures go on where the first stage ended: all are new.
    let before = recipe.sight.steps * recipe.sight.pictures / recipe.sightPasses
    var meter = StageMeter(.speech, plan)
    for step in 0..<plan.steps {
      let examples = try (0..<plan.pictures).map { offset in
        let index = before + step * plan.pictures + offset
        return try encoder.example(corpus.lesson(about: corpus.picture(index), index: index))
      }
      onProgress(meter.advance(loss: try trainer.step(examples).loss))
    }
    return meter.outcome
  }
}
