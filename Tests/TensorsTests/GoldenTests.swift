import Tensors
import Testing

/// Against PyTorch; Tests/Golden/tensors/make.py made the file.
@Suite struct GoldenTests {
  let file: SafetensorsFile

  init() throws {
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    file = try SafetensorsFile(path: "/\(tests)/Golden/tensors/operations.safetensors")
  }

  @Test("elementwise operations give the reference's values")
  func elementwise() throws {
    let x = try file.tensor(of: "x")
    #expect(distance(gelu(x).values, try file.floats(of: "gelu")) < 1e-6)
    #expect(distance(silu(x).values, try file.floats(of: "silu")) < 1e-6)
    let limited = exp(clamp(x, lower: -.infinity, upper: 80))
    #expect(distance(limited.values, try file.floats(of: "exp")) < 1e-6)
  }

  @Test("half-width numbers are read exactly, subnormal and infinite ones too")
  func conversions() throws {
    #expect(try file.floats(of: "bfloat16") == file.floats(of: "bfloat16_as_float"))
    #expect(try file.floats(of: "float16") == file.floats(of: "float16_as_float"))
    #expect(try file.dtype(of: "float16") == .float16)
    #expect(file.metadata["torch"] != nil)
  }

  @Test("token log-probabilities give the reference's values for extreme logits")
  func logProbabilities() throws {
    let y = tokenLogProbabilities(
      try file.tensor(of: "logits"), targets: try file.integers(of: "targets"))
    #expect(distance(y.values, try file.floats(of: "token_log_probabilities")) < 1e-6)
  }

  @Test("AdamW moves parameters as the reference does, also with a scaled gradient")
  func adamW() throws {
    let rows = try file.tensor(of: "gradients")
    let optimizer = AdamWKernel(
      learningRate: 3e-2, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1)
    for factor in [1, 4] as [Float] {
      let p = try file.tensor(of: "parameter")
      let (m, v) = (Tensor.zeros([37]), Tensor.zeros([37]))
      for step in 1...4 {
        let gradient = scale(slicedRows(rows, step - 1..<step), by: factor)
        optimizer.update(
          p, gradient: gradient, firstMoment: m, secondMoment: v, step: step, gradientScale: 1 / factor)
      }
      #expect(distance(p.values, try file.floats(of: "parameter_after")) < 1e-6)
    }
  }
}
