import QwenVL
import Tensors
import Testing

@Suite struct KeptImagesTests {
  @Test func `an answer is the same whether its images' features were kept or are computed`() throws {
    let model = try NetworkFixture.load()
    let prompt = try NetworkFixture.prompt()
    try #require(!prompt.images.isEmpty)
    let plain = try model.generate(prompts: [prompt], options: GenerationTests.options())[0][0]
    for kept in 1...prompt.images.count {
      let features = KeptImages()
      for image in prompt.images.prefix(kept) { try features.keep(image, for: model) }
      for _ in 0..<2 {
        let again = try model.generate(
          prompts: [prompt], options: GenerationTests.options(), reusing: features)[0][0]
        #expect(again.ids == plain.ids)
        #expect(NetworkFixture.largest(again.logProbabilities, plain.logProbabilities) < 1e-5)
      }
    }
  }

  @Test func `no more images are kept than asked for`() throws {
    let model = try NetworkFixture.load()
    let prompt = try NetworkFixture.prompt()
    let features = KeptImages(capacity: 1)
    for image in prompt.images + prompt.images { try features.keep(image, for: model) }
    let plain = try model.generate(prompts: [prompt], options: GenerationTests.options())[0][0]
    let again = try model.generate(
      prompts: [prompt], options: GenerationTests.options(), reusing: features)[0][0]
    #expect(again.ids == plain.ids)
  }
}
