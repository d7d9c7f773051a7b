import QwenVL
import Tensors
import Testing

/// The demonstration's base in bfloat16, on the device in software.
struct BFloat16Tests {
  private static let model =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/models/demo-base"

  private func prompt(_ model: QwenModel, last: Int) throws -> Prompt {
    let token = model.configuration.imageTokenID
    let image = ImagePatches(
      pixelValues: (0..<36 * 1176).map { Float($0 * 7919 % 1009) / 504 - 1 }, rows: 6, columns: 6,
      originalWidth: 84, originalHeight: 84, resizedWidth: 84, resizedHeight: 84, mergeSize: 2)
    let ids = [5, 9] + [Int](repeating: token, count: 9) + (20..<40) + [last]
    return try Prompt(ids: ids, images: [image], imageTokenID: token)
  }

  @Test func `Gradients in bfloat16 are as near to those in float32 as on the processor`() throws {
    func gradients(_ dtype: DType, on device: CUDADevice?) throws -> [[Float]] {
      let model = try QwenModel.load(folder: Self.model, dtype: dtype, training: .language, device: device)
      let values = try model.packedLogProbabilities(
        batch: [PromptCompletions(prompt: try prompt(model, last: 8), completions: [[595, 275, 35], [33]])])
      weightedSum(values, weights: [1, -1, 0.5, 0.7]).backward()
      return [values.values] + model.trainedParameters.map { $0.tensor.gradient?.values ?? [] }
    }
    func distance(_ a: [[Float]], _ b: [[Float]]) -> Double {
      zip(a, b).map { a, b in
        let error = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        return (error / b.reduce(1e-30) { $0 + Double($1) * Double($1) }).squareRoot()
      }.max() ?? .infinity
    }
    try SoftwareDevice.with { device in
      let exact = try gradients(.float32, on: nil)
      #expect(distance(try gradients(.bfloat16, on: device), exact) < 0.03)
    }
  }

  @Test func `Answers are the same whether an image's keys and values were kept or are computed`() throws {
    try SoftwareDevice.with { device in
      let model = try QwenModel.load(folder: Self.model, dtype: .bfloat16, device: device)
      let kept = KeptImages()
      let options = SamplingOptions(maxNewTokens: 5, stopTokenIDs: [])
      for last in [8, 12, 16] {
        let prompt = try prompt(model, last: last)
        try kept.keep(prompt.images[0], for: model)
        let expected = try model.generate(prompts: [prompt], options: options)
        let found = try model.generate(prompts: [prompt], options: options, reusing: kept)
        #expect(found[0].map(\.ids) == expected[0].map(\.ids))
        #expect(
          zip(found[0][0].logProbabilities, expected[0][0].logProbabilities).allSatisfy {
            abs($0 - $1) < 0.02
          })
      }
    }
  }
}
