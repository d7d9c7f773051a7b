import FoundationEssentials
import QwenVL
import Tensors
import Testing

@Suite struct WeightsTests {
  /// A copy of the golden model's folder whose weights a test changes.
  private func withFolder(
    _ change: (inout [(name: String, tensor: SafetensorsTensor)]) throws -> Void,
    _ body: (String) throws -> Void
  ) throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: "weights-\(UInt64.random(in: 0 ... .max))").path
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: folder) }
    try files.copyItem(atPath: NetworkFixture.model + "/config.json", toPath: folder + "/config.json")
    let stored = try ShardedWeights(folder: NetworkFixture.model)
    var tensors = try stored.names.map {
      (name: $0, tensor: SafetensorsTensor.float32(try stored.tensor(of: $0)))
    }
    try change(&tensors)
    try SafetensorsWriter.write(tensors, to: folder + "/model.safetensors")
    try body(folder)
  }

  private func message(_ folder: String) throws -> String {
    "\(try #require(throws: ModelError.self) { try QwenModel.load(folder: folder) })"
  }

  @Test("a value that is not a number is found in the tensor that has it, whatever is asked")
  func notANumber() throws {
    let name = "model.language_model.layers.1.mlp.up_proj.weight"
    try withFolder { tensors in
      let index = try #require(tensors.firstIndex { $0.name == name })
      let shape = tensors[index].tensor.shape
      var values = [Float](repeating: 0.1, count: shape.reduce(1, *))
      values[7] = .nan
      tensors[index].tensor = .floats(values, shape: shape)
    } _: { folder in
      for dtype in [DType.float32, .bfloat16] {
        let model = try QwenModel.load(folder: folder, dtype: dtype)
        let prompt = try NetworkFixture.text([1, 2, 3])
        let options = SamplingOptions(maxNewTokens: 2, stopTokenIDs: [])
        for use in [
          { _ = try model.logits(prompt) }, { _ = try model.generate(prompts: [prompt], options: options) },
          { _ = try model.logProbabilities(prompt: prompt, completions: [[4, 5]]) },
        ] as [() throws -> Void] {
          let message = "\(try #require(throws: ModelError.self) { try use() })"
          #expect(message.contains(folder) && message.contains(name), "\(message)")
        }
      }
      let error = try #require(throws: (any Error).self) { try QwenModel.load(folder: folder, dtype: .int8) }
      #expect("\(error)".contains(name))
    }
  }

  @Test("the published names mean the same parameters")
  func publishedNames() throws {
    try withFolder { tensors in
      for index in tensors.indices {
        let name = tensors[index].name
        if name.hasPrefix("model.language_model.") {
          tensors[index].name = "model." + name.dropFirst("model.language_model.".count)
        } else if name.hasPrefix("model.visual.") {
          tensors[index].name = String(name.dropFirst("model.".count))
        }
      }
    } _: { folder in
      let (renamed, original) = (try QwenModel.load(folder: folder), try NetworkFixture.load())
      #expect(renamed.parameters.map(\.name) == original.parameters.map(\.name))
      #expect(
        zip(renamed.parameters, original.parameters).allSatisfy { $0.tensor.values == $1.tensor.values })
    }
  }

  @Test("missing, unknown and misshapen tensors are named")
  func faults() throws {
    try withFolder {
      $0.removeAll { $0.name == "model.visual.merger.mlp.2.bias" }
    } _: { folder in
      let text = try message(folder)
      #expect(text.contains("model.visual.merger.mlp.2.bias") && text.contains(folder))
    }
    try withFolder {
      $0.append(("model.language_model.layers.9.mlp.up_proj.weight", .floats([1], shape: [1])))
    } _: { folder in
      let text = try message(folder)
      #expect(text.contains("layers.9.mlp.up_proj.weight"))
    }
    try withFolder { tensors in
      tensors = tensors.map {
        $0.name == "lm_head.weight"
          ? ($0.name, .floats([Float](repeating: 0, count: 24 * 95), shape: [95, 24])) : $0
      }
    } _: { folder in
      let text = try message(folder)
      #expect(text.contains("lm_head.weight") && text.contains("[95, 24]") && text.contains("[96, 24]"))
    }
    try withFolder { tensors in
      tensors = tensors.map {
        $0.name == "model.language_model.norm.weight" ? ($0.name, .int64(Array(0..<24), shape: [24])) : $0
      }
    } _: { folder in
      let text = try message(folder)
      #expect(text.contains("I64"))
    }
  }

  @Test("a saved model opens again with the same weights, and bfloat16 keeps what it held")
  func saving() throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: "saved-\(UInt64.random(in: 0 ... .max))").path
    defer { try? files.removeItem(atPath: folder) }
    let model = try NetworkFixture.load()
    for dtype in [QwenModel.StoredType.float32, .bfloat16] {
      try model.save(to: folder, dtype: dtype)
      let again = try QwenModel.load(folder: folder)
      #expect(again.configuration.storedDType == dtype.rawValue)
      #expect(again.configuration.text == model.configuration.text)
      #expect(zip(again.parameters, model.parameters).allSatisfy { $0.tensor.values == $1.tensor.values })
    }
  }

  @Test("a tied head is the embedding, listed once, and collects both gradients")
  func tiedHead() throws {
    var configuration = try QwenConfiguration(folder: NetworkFixture.model)
    configuration.tiedEmbeddings = true
    let model = try QwenModel.random(configuration: configuration, seed: 3, training: .language)
    #expect(!model.parameters.contains { $0.name == "lm_head.weight" })
    sum(try model.logProbabilities(prompt: NetworkFixture.text([1, 2]), completions: [[3]])[0]).backward()
    let table = try #require(model.parameters.first { $0.name == "model.language_model.embed_tokens.weight" })
    let gradient = try #require(table.tensor.gradient).values
    // Token 50 is never read, but the softmax pushes its row of the head; token 1 is read as well.
    #expect(gradient[50 * 24..<51 * 24].contains { $0 != 0 })
  }

  @Test("fresh weights depend on the seed alone")
  func fresh() throws {
    let configuration = try QwenConfiguration(folder: NetworkFixture.model)
    let models = try [1, 1, 2].map { try QwenModel.random(configuration: configuration, seed: $0) }
    let values = models.map { $0.parameters.map(\.tensor.values) }
    #expect(values[0] == values[1])
    #expect(values[0] != values[2])
    #expect(models[0].parameterCount == values[0].reduce(0) { $0 + $1.count })
  }

  @Test("a view computes with the weights its original's optimizer changes")
  func views() throws {
    let model = try NetworkFixture.load(training: .all)
    let view = model.inference()
    #expect(view.trainedParameters.isEmpty)
    let before = try view.logits(NetworkFixture.text([1, 2])).values
    model.parameters.first { $0.name == "lm_head.weight" }?.tensor.scaleInPlace(by: 2)
    let after = try view.logits(NetworkFixture.text([1, 2])).values
    #expect(after == before.map { $0 * 2 })
  }
}
