package import Inspection
import PostTraining
package import QwenVL
import Tensors

/// Teaches the vision tower to see, under linear heads that are thrown away afterwards.
///
/// On the features of every token a head tells for each of its cells whether it is good or which kind of
/// defect it shows; on their mean two heads tell product and colour. Features from which that can be read off
/// linearly are features from which a decoder soon learns to speak.
package final class SightTrainer {
  /// How much the cells' loss weighs beside those of product and colour.
  private static let cellWeight: Float = 5
  private static let pictureWeight: Float = 0.5
  /// Most cells are good: those that show a defect count more.
  private static let defectWeight: Float = 3

  private let model: QwenModel
  private let products: [SyntheticProduct]
  private let cells: Head
  private let product: Head
  private let colour: Head
  private let optimizer: AdamW
  private let schedule: LearningRateSchedule

  /// - Parameter model: its vision tower records gradients.
  package init(model: QwenModel, products: [SyntheticProduct], plan: BaseRecipe.Stage) {
    self.model = model
    self.products = products
    let width = model.configuration.vision.outputSize
    cells = Head(
      "cells", inputs: width,
      outputs: SightLesson.kinds * SightLesson.cellsPerSide * SightLesson.cellsPerSide)
    product = Head("product", inputs: width, outputs: products.count)
    colour = Head("colour", inputs: width, outputs: SyntheticColour.allCases.count)
    schedule = plan.schedule
    optimizer = AdamW(
      parameters: model.trainedParameters.filter { $0.name.hasPrefix("model.visual.") } + cells.parameters
        + product.parameters + colour.parameters, settings: plan.optimizer)
  }

  /// One step; every picture has the same size.
  ///
  /// - Returns: the cells' mean loss in nats.
  package func step(_ lessons: [SightLesson], patches: [ImagePatches]) throws -> Double {
    let features = try model.encodeImages(patches)  // [lessons * tokens, width]
    let tokens = features.shape[0] / lessons.count
    var mean = gatherRows(features, lessons.indices.map { $0 * tokens })
    for token in 1..<tokens {
      mean = add(mean, gatherRows(features, lessons.indices.map { $0 * tokens + token }))
    }
    mean = scale(mean, by: 1 / Float(tokens))  // [lessons, width]

    let wanted = lessons.flatMap(\.cells)
    let targets = wanted.map { $0 ?? 0 }
    let weights = wanted.map { $0.map { $0 == 0 ? 1 : Self.defectWeight } ?? 0 }
    let total = max(1, weights.reduce(0, +))
    let seen = tokenLogProbabilities(
      cells(features).reshaped([targets.count, SightLesson.kinds]), targets: targets)
    let cellLoss = weightedSum(seen, weights: weights.map { -$0 / total * Self.cellWeight })
    let even = [Float](repeating: -Self.pictureWeight / Float(lessons.count), count: lessons.count)
    let productLoss = weightedSum(
      tokenLogProbabilities(product(mean), targets: lessons.map(\.product)), weights: even)
    let colourLoss = weightedSum(
      tokenLogProbabilities(colour(mean), targets: lessons.map(\.colour)), weights: even)
    add(cellLoss, add(productLoss, colourLoss)).backward()
    try optimizer.step(rate: schedule.rate(step: optimizer.stepCount), maximumNorm: 1)
    return Double(cellLoss.item / Self.cellWeight)
  }

  /// How likely each picture is good, by its worst cell: log-probabilities.
  package func goodness(of patches: [ImagePatches]) throws -> [Float] {
    guard !patches.isEmpty else { return [] }
    let features = try model.inference().encodeImages(patches)
    let count = features.shape[0] * SightLesson.cellsPerSide * SightLesson.cellsPerSide
    let good = tokenLogProbabilities(
      cells(features).reshaped([count, SightLesson.kinds]), targets: [Int](repeating: 0, count: count)
    ).values
    let each = count / patches.count
    return patches.indices.map { good[$0 * each..<($0 + 1) * each].min() ?? 0 }
  }

  /// The probability that a random defective picture seems worse than a random good one: the area under the
  /// curve; one half is chance.
  package static func separation(good: [Float], defective: [Float]) -> Double {
    var wins = 0.0
    for worse in defective {
      for better in good { wins += worse < better ? 1 : worse == better ? 0.5 : 0 }
    }
    return wins / Double(max(1, good.count * defective.count))
  }

  /// x Wᵀ + b
  private struct Head {
    let name: String
    let weight: Tensor  // [outputs, inputs]
    let bias: Tensor  // [outputs]

    /// A fresh head says nothing: all outputs are equally likely.
    init(_ name: String, inputs: Int, outputs: Int) {
      self.name = name
      weight = .parameter([Float](repeating: 0, count: outputs * inputs), shape: [outputs, inputs])
      bias = .parameter([Float](repeating: 0, count: outputs), shape: [outputs])
    }

    var parameters: [(name: String, tensor: Tensor)] {
      [(name + ".weight", weight), (name + ".bias", bias)]
    }

    func callAsFunction(_ x: Tensor) -> Tensor { linear(x, weight: weight, bias: bias) }
  }
}

extension BaseRecipe.Stage {
  var schedule: LearningRateSchedule {
    LearningRateSchedule(
      shape: .cosine, peak: rate, warmupSteps: min(warmupSteps, steps), totalSteps: max(1, steps), floor: 0.02
    )
  }

  var optimizer: AdamWSettings { AdamWSettings(beta1: 0.9, beta2: 0.98, weightDecay: weightDecay) }
}
