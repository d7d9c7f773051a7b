public import Tensors

/// A Qwen2.5-VL network in memory: vision tower, decoder and head, with its parameters.
///
/// The same layers serve every use; what differs is whether the parameters record gradients, which is decided
/// when a model is loaded or viewed. A model is confined to one thread at a time, like its tensors.
public final class QwenModel {
  public let configuration: QwenConfiguration
  /// Every parameter under the name transformers 4.52 and later give it, in the order of the network; a head
  /// tied to the embedding is the embedding and appears once.
  public let parameters: [(name: String, tensor: Tensor)]
  /// Changes to the decoder's projections, beside the parameters.
  public let adapter: LoRAAdapter?
  /// The folder it was loaded from, whose tokenizer and settings a saved copy takes along.
  package let sourceFolder: String?
  let vision: VisionTower
  let decoder: Decoder

  /// The parameters that record gradients, those of the adapter included.
  public var trainedParameters: [(name: String, tensor: Tensor)] {
    (parameters + (adapter?.parameters ?? [])).filter { $0.tensor.requiresGradient }
  }

  /// The GPU that holds the parameters and computes; nil for the processor.
  public var device: CUDADevice? { decoder.embedding.device }

  /// Numbers in all parameters together.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }

  /// Puts a model together from tensors that `take` finds for the layers' declarations.
  package init(
    configuration: QwenConfiguration, sourceFolder: String? = nil, adapter: LoRAAdapter? = nil,
    take: (ParameterDeclaration) throws -> Tensor
  ) throws {
    var found: [(name: String, tensor: Tensor)] = []
    (vision, decoder) = try withoutActuallyEscaping(take) { take in
      let scope = ParameterScope(adapter: adapter) { declaration in
        let tensor = try take(declaration)
        found.append((declaration.name, tensor))
        return tensor
      }
      let vision = try VisionTower(scope, vision: configuration.vision)
      return (vision, try Decoder(scope, configuration: configuration))
    }
    parameters = found
    self.configuration = configuration
    self.sourceFolder = sourceFolder
    self.adapter = adapter
  }

  /// The same weights, seen by a model that records nothing: what the original's optimizer changes, in the
  /// network or its adapter, this one computes with.
  public func inference() -> QwenModel {
    training(.nothing)
  }

  /// The same weights, of which one part records gradients; the original is left as it is, and an adapter
  /// stays as it is. Trained weights in bfloat16 stay in it, those in int8 are copied as float32.
  public func training(_ part: TrainedPart) -> QwenModel {
    viewed(adapter: adapter?.recording(false)) { tensor, declaration in
      guard part.includes(declaration) else { return tensor.detached() }
      return (tensor.dtype == .int8 ? tensor.inFloat32() : tensor).asParameter()
    }
  }

  /// A model of this one's tensors, each as `view` sees it.
  func viewed(
    adapter: LoRAAdapter?, _ view: (Tensor, ParameterDeclaration) -> Tensor
  ) -> QwenModel {
    let tensors = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.tensor) })
    do {
      return try QwenModel(
        configuration: configuration, sourceFolder: sourceFolder, adapter: adapter
      ) { declaration in
        guard let tensor = tensors[declaration.name] else {
          throw ModelError.invalid("the model has no parameter \(declaration.name)")
        }
        return view(tensor, declaration)
      }
    } catch {
      // The declarations follow from the configuration alone, and this model was made by them.
      preconditionFailure("\(error)")
    }
  }

  /// Forgets the gradients recorded so far.
  public func zeroGradients() {
    for (_, tensor) in trainedParameters { tensor.zeroGradient() }
  }
}
