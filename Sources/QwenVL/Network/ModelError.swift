/// Why a model could not be read, written or asked.
public enum ModelError: Error, Sendable, CustomStringConvertible {
  /// Tensors the configuration calls for that the folder does not hold.
  case missingTensors([String], folder: String)
  /// Tensors in the folder that belong to no part of the architecture.
  case unknownTensors([String], folder: String)
  /// A tensor whose shape contradicts config.json.
  case shape(name: String, found: [Int], expected: [Int], folder: String)
  /// A tensor in a format weights cannot have.
  case storedType(name: String, found: String, folder: String)
  /// A file that could not be read or written.
  case file(String)
  /// A request the model cannot answer.
  case invalid(String)

  public var description: String {
    switch self {
    case .missingTensors(let names, let folder):
      "\(folder): \(names.count) of the tensors that config.json calls for are missing: "
        + "\(Self.list(names)); the weights are incomplete or belong to another configuration"
    case .unknownTensors(let names, let folder):
      "\(folder): \(names.count) tensors have no place in the configured Qwen2.5-VL model: "
        + "\(Self.list(names)); the weights belong to another configuration or architecture"
    case .shape(let name, let found, let expected, let folder):
      "\(folder): tensor \(name) has shape \(found), but config.json calls for \(expected)"
    case .storedType(let name, let found, let folder):
      "\(folder): tensor \(name) is stored as \(found); weights are read as F32, BF16 or F16"
    case .file(let message): message
    case .invalid(let message): message
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.sorted().prefix(4).joined(separator: ", ")
    return names.count > 4 ? shown + ", …" : shown
  }
}
