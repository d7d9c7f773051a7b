import BaseModel
import FoundationEssentials
import Inspection
import QwenVL
import Testing

@Suite struct BaseMakerTests {
  private static func shortRecipe() -> BaseRecipe {
    var recipe = BaseRecipe(
      seed: 5, sight: .init(steps: 3, pictures: 4, rate: 1e-3, warmupSteps: 1),
      speech: .init(steps: 3, pictures: 4, rate: 1e-3, warmupSteps: 1))
    recipe.checkPictures = 4
    recipe.tokenizerTexts = 100
    recipe.filterPictures = 20
    return recipe
  }

  @Test("a base is a model folder of at most 4 MB, and the same recipe gives the same bytes")
  func reproducible() throws {
    let root = FileManager.default.temporaryDirectory.path + "/base-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    var stages: [BaseProgress.Stage] = []
    let report = try BaseMaker(recipe: Self.shortRecipe()).make(folder: root + "/a") {
      stages.append($0.stage)
    }
    _ = try BaseMaker(recipe: Self.shortRecipe()).make(folder: root + "/b")

    #expect(stages == [.sight, .sight, .sight, .speech, .speech, .speech])
    #expect(report.bytes < 4_000_000)
    #expect(report.sight.separation.count == 2)
    let names = try FileManager.default.contentsOfDirectory(atPath: root + "/a").sorted()
    #expect(names.contains("model.safetensors") && names.contains("tokenizer.json"))
    #expect(!names.contains { $0.hasPrefix(".") })
    for name in names {
      let a = try Data(contentsOf: URL(filePath: "\(root)/a/\(name)"))
      #expect(try a == Data(contentsOf: URL(filePath: "\(root)/b/\(name)")), "\(name)")
    }
    let model = try QwenModel.load(folder: root + "/a")
    #expect(model.parameterCount == report.parameters)
    #expect(model.configuration.storedDType == "bfloat16")
    #expect(try GenerationDefaults(folder: root + "/a").stopTokenIDs == model.configuration.stopTokenIDs)
    let tokenizer = try Tokenizer(folder: root + "/a")
    #expect(tokenizer.vocabularySize == model.configuration.text.vocabularySize)
  }

  @Test("a folder that cannot be written and an impossible recipe are refused before any work")
  func refusals() throws {
    #expect(throws: BaseError.self) { try BaseMaker(recipe: BaseRecipe()).make(folder: "/dev/null/base") }
    var recipe = Self.shortRecipe()
    recipe.sightPasses = 9
    #expect(throws: BaseError.self) { try BaseMaker(recipe: recipe).make(folder: "/nonexistent") }
    recipe = Self.shortRecipe()
    recipe.sight.rate = 0
    #expect(throws: BaseError.self) { try BaseMaker(recipe: recipe).make(folder: "/nonexistent") }
    recipe = Self.shortRecipe()
    recipe.sight.steps = .max
    #expect(throws: BaseError.self) { try BaseMaker(recipe: recipe).make(folder: "/nonexistent") }
  }
}
