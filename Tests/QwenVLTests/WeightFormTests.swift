import FoundationEssentials
import QwenVL
import Tensors
import Testing

/// Models whose weights are kept as bfloat16 or int8.
@Suite struct WeightFormTests {
  /// A copy of the golden model's folder, its weights under `change`.
  private func withFolder(
    _ change: (inout [(name: String, tensor: SafetensorsTensor)]) throws -> Void = { _ in },
    _ body: (String) throws -> Void
  ) throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: "forms-\(UInt64.random(in: 0 ... .max))").path
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

  private func cached(_ folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder + "/.ar1"))?.sorted() ?? []
  }

  @Test("bfloat16 computes what float32 computes with the weights rounded, up to the inputs' rounding")
  func bfloat16() throws {
    try withFolder { folder in
      let model = try QwenModel.load(folder: folder, dtype: .bfloat16)
      let rounded = try QwenModel.load(folder: folder)
      for (_, tensor) in rounded.parameters { tensor.roundToBFloat16InPlace() }
      let prompt = try NetworkFixture.prompt()
      let logits = try model.logits(prompt).values
      #expect(NetworkFixture.distance(logits, try rounded.logits(prompt).values) < 1e-2)
      #expect(model.parameters.contains { $0.tensor.dtype == .bfloat16 })

      func gradients(_ model: QwenModel) throws -> [[Float]] {
        sum(
          try model.packedLogProbabilities(batch: [
            PromptCompletions(prompt: prompt, completions: [[7, 60], [33]])
          ])
        ).backward()
        return model.trainedParameters.map { $0.tensor.gradient?.values ?? [] }
      }
      // A trained language model over a vision tower in bfloat16.
      let trained = try QwenModel.load(folder: folder, dtype: .bfloat16, training: .language)
      for (a, b) in zip(try gradients(trained), try gradients(rounded.training(.language))) {
        #expect(NetworkFixture.distance(a, b) < 5e-2)
      }
    }
  }

  @Test("int8 stays within a tenth of the logits' norm and takes the likeliest token nine times of ten")
  func int8() throws {
    try withFolder { folder in
      let exact = try NetworkFixture.load()
      let model = try QwenModel.load(folder: folder, dtype: .int8)
      var (error, size, agreed, rows) = (0.0, 0.0, 0, 0)
      for seed in 0..<24 {
        let ids = (0..<20).map { (seed * 31 + $0 * 17 + $0 * $0 * seed) % 88 }
        let prompt = try NetworkFixture.text(ids)
        let (a, b) = (try model.logits(prompt).values, try exact.logits(prompt).values)
        for row in 0..<20 {
          let part = row * 96..<(row + 1) * 96
          for index in part {
            error += Double(a[index] - b[index]) * Double(a[index] - b[index])
            size += Double(b[index]) * Double(b[index])
          }
          let best = part.max { b[$0] < b[$1] }
          agreed += part.max { a[$0] < a[$1] } == best ? 1 : 0
          rows += 1
        }
      }
      #expect((error / size).squareRoot() < 0.1)
      #expect(Double(agreed) / Double(rows) > 0.9)
    }
  }

  @Test("int8 weights are made once, kept beside the model, and made anew for other weights")
  func cache() throws {
    try withFolder { folder in
      var notices: [String] = []
      func load() throws -> [Float] {
        try QwenModel.load(folder: folder, dtype: .int8, onNotice: { notices.append($0) })
          .logits(NetworkFixture.text([1, 2, 3])).values
      }
      let first = try load()
      let kept = cached(folder)
      #expect(kept.count == 1 && notices.count == 1 && notices[0].contains(folder))
      #expect(try load() == first)
      #expect(notices.count == 1)

      // A half file, as a full disk or another program may leave it, is no reason to compute nonsense.
      let path = folder + "/.ar1/" + kept[0]
      try Data(Data(contentsOf: URL(filePath: path)).dropLast(100)).write(to: URL(filePath: path))
      #expect(try load() == first)
      #expect(notices.count == 2 && cached(folder) == kept)

      let original = try ShardedWeights(folder: NetworkFixture.model)
      try SafetensorsWriter.write(
        try original.names.map { name in
          let tensor = try original.tensor(of: name)
          if name == "lm_head.weight" { tensor.scaleInPlace(by: 2) }
          return (name, .float32(tensor))
        }, to: folder + "/model.safetensors")
      let changed = try load()
      #expect(NetworkFixture.distance(changed, first.map { 2 * $0 }) < 1e-5)
      #expect(cached(folder).count == 1 && cached(folder) != kept)
    }
  }

  @Test("where int8 weights cannot be kept the model loads all the same and says why")
  func readOnly() throws {
    try withFolder { folder in
      try Data().write(to: URL(filePath: folder + "/.ar1"))  // no folder can be made here
      var notices: [String] = []
      let model = try QwenModel.load(folder: folder, dtype: .int8, onNotice: { notices.append($0) })
      #expect(notices.count == 1 && notices[0].contains("\(folder)/.ar1"))
      #expect(try model.logits(NetworkFixture.text([1, 2])).isFinite)
    }
  }

  @Test("weights that are not numbers are named when they are quantised")
  func notFinite() throws {
    try withFolder {
      for index in $0.indices where $0[index].name.hasSuffix("layers.1.mlp.up_proj.weight") {
        let shape = $0[index].tensor.shape
        $0[index].tensor = .floats([Float](repeating: .nan, count: shape.reduce(1, *)), shape: shape)
      }
    } _: { folder in
      let error = #expect(throws: SafetensorsError.self) { try QwenModel.load(folder: folder, dtype: .int8) }
      #expect("\(error!)".contains("layers.1.mlp.up_proj.weight") && "\(error!)".contains(folder))
      #expect(cached(folder).isEmpty)
    }
  }

  @Test("bfloat16 weights are saved bit by bit, and int8 weights are not")
  func saving() throws {
    try withFolder { folder in
      let (first, second) = (folder + "/first", folder + "/second")
      try QwenModel.load(folder: folder).save(to: first, dtype: .bfloat16)
      try QwenModel.load(folder: first, dtype: .bfloat16).save(to: second, dtype: .bfloat16)
      #expect(
        try Data(contentsOf: URL(filePath: first + "/model.safetensors"))
          == Data(contentsOf: URL(filePath: second + "/model.safetensors")))
      let wide = try QwenModel.load(folder: first, dtype: .bfloat16)
      try wide.save(to: second)
      let again = try QwenModel.load(folder: second)
      #expect(zip(again.parameters, wide.parameters).allSatisfy { $0.tensor.values == $1.tensor.values })
      #expect(throws: ModelError.self) {
        try QwenModel.load(folder: folder, dtype: .int8).save(to: second, dtype: .bfloat16)
      }
    }
  }
}
