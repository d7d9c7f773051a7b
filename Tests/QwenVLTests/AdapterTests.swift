import FoundationEssentials
import QwenVL
import Tensors
import Testing

/// LoRA adapters, against PEFT's results in Tests/Golden/qwen-network/adapter.
@Suite struct AdapterTests {
  static let folder = NetworkFixture.folder + "/adapter"
  static let batch = [[7, 60, 61, 89], [33, 2]]

  private func withFolder(_ body: (String) throws -> Void) throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: "adapter-\(UInt64.random(in: 0 ... .max))").path
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: folder) }
    try body(folder)
  }

  private func golden(training: Bool = false) throws -> QwenModel {
    let base = try NetworkFixture.load()
    return base.adapted(by: try LoRAAdapter(folder: Self.folder, for: base), training: training)
  }

  private func logProbabilities(_ model: QwenModel) throws -> Tensor {
    try model.packedLogProbabilities(batch: [
      PromptCompletions(prompt: try NetworkFixture.prompt(), completions: Self.batch)
    ])
  }

  @Test("logits, log-probabilities and every gradient of PEFT's adapter equal PEFT's")
  func peft() throws {
    let expected = try SafetensorsFile(path: Self.folder + "/expected.safetensors")
    let model = try golden(training: true)
    let logits = try model.logits(NetworkFixture.prompt())
    #expect(NetworkFixture.distance(logits.values, try expected.floats(of: "logits")) < 1e-5)
    let current = try logProbabilities(model)
    #expect(NetworkFixture.largest(current.values, try expected.floats(of: "logprobs")) < 1e-5)
    weightedSum(current, weights: (1...6).map { Float($0) / 4 }).backward()
    let names = expected.names.filter { $0.hasPrefix("grad.") }
    #expect(names.count == 20)
    #expect(Set(model.trainedParameters.map { "grad." + $0.name }) == Set(names))
    for (name, tensor) in model.trainedParameters {
      let gradient = try #require(tensor.gradient, "\(name)").values
      #expect(NetworkFixture.distance(gradient, try expected.floats(of: "grad." + name)) < 1e-4, "\(name)")
    }
  }

  @Test(
    "an adapter of some of the layers computes what it does in PEFT, and is the same when saved and read again"
  )
  func someLayers() throws {
    let folder = NetworkFixture.folder + "/adapter-one-layer"
    let expected = try SafetensorsFile(path: folder + "/expected.safetensors").floats(of: "logits")
    let base = try NetworkFixture.load()
    let adapter = try LoRAAdapter(folder: folder, for: base)
    #expect(adapter.parameters.count == 4 && adapter.parameters.allSatisfy { $0.name.contains("layers.1.") })
    let model = base.adapted(by: adapter, training: false)
    #expect(NetworkFixture.distance(try model.logits(NetworkFixture.prompt()).values, expected) < 1e-5)
    #expect(
      NetworkFixture.distance(try model.merged().logits(NetworkFixture.prompt()).values, expected) < 1e-5)
    try withFolder { folder in
      try adapter.save(to: folder, base: "models/base")
      let again = try LoRAAdapter(folder: folder, for: base)
      #expect(again.parameters.map(\.name) == adapter.parameters.map(\.name))
      // What its settings name has to be there.
      let weights = folder + "/adapter_model.safetensors"
      let stored = try SafetensorsFile(path: weights)
      try SafetensorsWriter.write(
        try stored.names.filter { !$0.contains("v_proj") }.map { ($0, .float32(try stored.tensor(of: $0))) },
        to: weights)
      #expect(throws: ModelError.self) { try LoRAAdapter(folder: folder, for: base) }
    }
  }

  @Test("a fresh adapter changes nothing until its second matrix is trained")
  func fresh() throws {
    let base = try NetworkFixture.load()
    let adapter = try LoRAAdapter(for: base, settings: LoRASettings(rank: 2, alpha: 4), seed: 3)
    #expect(adapter.parameters.count == 2 * 2 * 7)
    let model = base.adapted(by: adapter, training: true)
    let current = try logProbabilities(model)
    let plain = try logProbabilities(base)
    #expect(current.values == plain.values)
    sum(current).backward()
    for (name, tensor) in model.trainedParameters {
      #expect(
        name.hasSuffix("lora_B.weight") == (tensor.gradient.map { $0.squaredNorm > 0 } ?? false), "\(name)")
    }
    #expect(base.trainedParameters.isEmpty)
    let again = try LoRAAdapter(for: base, settings: LoRASettings(rank: 2, alpha: 4), seed: 3)
    for (a, b) in zip(adapter.parameters, again.parameters) { #expect(a.tensor.values == b.tensor.values) }
  }

  @Test("an adapter trains over weights kept in bfloat16 and int8", arguments: [DType.bfloat16, .int8])
  func compactBase(dtype: DType) throws {
    let base = try NetworkFixture.load()
    try withFolder { folder in
      for name in ["config.json", "model.safetensors"] {
        try FileManager.default.copyItem(
          atPath: NetworkFixture.model + "/" + name, toPath: folder + "/" + name)
      }
      let compact = try QwenModel.load(folder: folder, dtype: dtype)
      let adapter = try LoRAAdapter(folder: Self.folder, for: base)
      // The same values in float32.
      let written = try QwenModel.load(folder: folder)
      for (own, other) in zip(written.parameters, compact.parameters) {
        own.tensor.copyInPlace(from: other.tensor.inFloat32())
      }
      func gradients(_ model: QwenModel) throws -> [[Float]] {
        let model = model.adapted(by: adapter, training: true)
        sum(try logProbabilities(model)).backward()
        return model.trainedParameters.map { $0.tensor.gradient?.values ?? [] }
      }
      // Products with compact weights round their input.
      for (a, b) in zip(try gradients(compact), try gradients(written)) {
        #expect(NetworkFixture.distance(a, b) < (dtype == .int8 ? 1e-1 : 5e-2))
      }
    }
  }

  @Test("a merged model computes what the adapted one does, and so does the folder it is saved to")
  func merging() throws {
    let adapted = try golden()
    let expected = try adapted.logits(NetworkFixture.prompt()).values
    let merged = adapted.merged()
    #expect(merged.adapter == nil)
    #expect(NetworkFixture.distance(try merged.logits(NetworkFixture.prompt()).values, expected) < 1e-5)
    let plain = try NetworkFixture.load().logits(NetworkFixture.prompt()).values
    #expect(try adapted.unadapted().logits(NetworkFixture.prompt()).values == plain)
    try withFolder { folder in
      try adapted.save(to: folder)
      let saved = try QwenModel.load(folder: folder)
      for (a, b) in zip(saved.parameters, merged.parameters) {
        #expect(a.tensor.values == b.tensor.values, "\(a.name)")
      }
    }
  }

  @Test("an adapter saved alone is the same when read again")
  func saving() throws {
    let base = try NetworkFixture.load()
    let adapter = try LoRAAdapter(folder: Self.folder, for: base)
    try withFolder { folder in
      try adapter.save(to: folder + "/saved", base: "models/base")
      let again = try LoRAAdapter(folder: folder + "/saved", for: base)
      #expect(again.settings == adapter.settings)
      #expect(again.parameters.map(\.name) == adapter.parameters.map(\.name))
      for (a, b) in zip(again.parameters, adapter.parameters) { #expect(a.tensor.values == b.tensor.values) }
    }
  }

  @Test("greedy decoding under an adapter follows its logits")
  func decoding() throws {
    let model = try golden(training: true)
    let prompt = try NetworkFixture.prompt()
    let completion = try model.generate(
      prompts: [prompt], options: SamplingOptions(maxNewTokens: 5, stopTokenIDs: []))[0][0]
    let packed = try model.inference().logProbabilities(prompt: prompt, completions: [completion.ids])[0]
    #expect(NetworkFixture.largest(completion.logProbabilities, packed.values) < 1e-5)
  }

  @Test("adapters that cannot be put on the model are refused with file and tensor")
  func refusals() throws {
    let base = try NetworkFixture.load()
    let stored = try SafetensorsFile(path: Self.folder + "/adapter_model.safetensors")
    func refusal(
      _ settings: String = #"{"peft_type":"LORA","r":3,"lora_alpha":5}"#,
      _ change: (inout [(name: String, tensor: SafetensorsTensor)]) -> Void = { _ in }
    ) throws -> String {
      var message = ""
      try withFolder { folder in
        try Data(settings.utf8).write(to: URL(filePath: folder + "/adapter_config.json"))
        var tensors = try stored.names.map {
          (name: $0, tensor: SafetensorsTensor.float32(try stored.tensor(of: $0)))
        }
        change(&tensors)
        try SafetensorsWriter.write(tensors, to: folder + "/adapter_model.safetensors")
        do {
          _ = try LoRAAdapter(folder: folder, for: base)
        } catch {
          message = "\(error)"
        }
        #expect(message.contains(folder) || message.isEmpty)
      }
      return message
    }
    #expect(try refusal().isEmpty)
    #expect(try refusal(#"{"peft_type":"IA3"}"#).contains("peft_type"))
    #expect(try refusal(#"{"r":3,"use_dora":true}"#).contains("use_dora"))
    #expect(try refusal(#"{"r":3,"rank_pattern":{"a":1}}"#).contains("rank_pattern"))
    #expect(try refusal(#"{"r":3,"alora_invocation_tokens":[5,6]}"#).contains("alora_invocation_tokens"))
    for start in ["pissa_niter_4", "olora", "corda", "loftq"] {
      #expect(try refusal(#"{"r":3,"init_lora_weights":"\#(start)"}"#).contains("init_lora_weights"))
    }
    #expect(
      try refusal(
        #"{"r":3,"lora_alpha":5,"init_lora_weights":"gaussian","use_dora":false,"rank_pattern":{},"arrow_config":null}"#
      ).isEmpty)
    #expect(try refusal(#"{"r":4,"lora_alpha":5}"#).contains("shape"))
    #expect(try refusal { $0.removeLast() }.contains("missing"))
    // Both halves of a projection that the settings name, of a layer that they name.
    func isOfFirstLayer(_ entry: (name: String, tensor: SafetensorsTensor)) -> Bool {
      entry.name.contains("layers.0.self_attn.q_proj")
    }
    let named = #"{"r":3,"lora_alpha":5,"target_modules":["q_proj","down_proj"]"#
    #expect(try refusal(named + "}") { $0.removeAll(where: isOfFirstLayer) }.contains("missing"))
    #expect(
      try refusal(named + #","layers_to_transform":[1]}"#) { $0.removeAll(where: isOfFirstLayer) }.isEmpty)
    #expect(
      try refusal(named + #","exclude_modules":["layers.0.self_attn.q_proj"]}"#) {
        $0.removeAll(where: isOfFirstLayer)
      }.isEmpty)
    #expect(
      try refusal {
        $0.append(
          ("base_model.model.model.visual.blocks.0.attn.qkv.lora_A.weight", .floats([1], shape: [1, 1])))
      }.contains("visual"))
    #expect(
      try refusal {
        let shape = $0[0].tensor.shape
        $0[0].tensor = .floats([Float](repeating: .nan, count: shape.reduce(1, *)), shape: shape)
      }.contains("finite"))
    #expect(throws: ModelError.self) { try LoRASettings(rank: 0).validate() }
    #expect(throws: ModelError.self) { try LoRASettings(targets: []).validate() }
  }
}
