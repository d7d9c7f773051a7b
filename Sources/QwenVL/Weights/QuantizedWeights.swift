import Digests
import FoundationEssentials
import ModelFiles
import Tensors

/// The matrices of a model folder in int8, made once and kept beside the model.
///
/// They are kept in `.ar1/int8-<identity>.safetensors` of the folder, one U8 tensor `[panels, bytes]` per matrix
/// under the matrix's name. The identity follows from names, shapes, formats, sizes and times of the weight
/// files and a sample of every tensor's bytes, so that weights that were replaced are quantised anew; what
/// belonged to the old ones is then removed. Processes that do so at once write the same bytes, each under a name
/// of its own first. A folder that cannot be written to costs the time again with every load, and memory of the process's own.
struct QuantizedWeights {
  /// Another way to quantise gets another number.
  private static let version = 2

  private let weights: ShardedWeights
  private let shapes: [String: [Int]]
  /// Absent: quantised when asked for.
  private let file: SafetensorsFile?

  /// - Parameter names: of the tensors the model needs; those with two dimensions are quantised.
  /// - Throws: `SafetensorsError` for a matrix with a value that is not finite.
  init(_ weights: ShardedWeights, names: [String], onNotice: (String) -> Void) throws {
    self.weights = weights
    var shapes: [String: [Int]] = [:]
    for name in names {
      let shape = try weights.shape(of: name)
      if shape.count == 2, !shape.contains(0) { shapes[name] = shape }
    }
    self.shapes = shapes
    let folder = "\(weights.folder)/.ar1"
    let path = "\(folder)/int8-\(try Self.identity(of: weights, names: names)).safetensors"
    if let kept = Self.opened(path, shapes: shapes) {
      file = kept
      return
    }
    if let obstacle = try Self.write(shapes, of: weights, names: names, in: folder, to: path) {
      file = nil
      onNotice(
        "the int8 weights cannot be kept in \(folder) (\(obstacle)), so they are made again with every load; "
          + "make the folder writable or load the model once as a user who may write there")
      return
    }
    file = Self.opened(path, shapes: shapes)
    onNotice("quantised the weights to int8, kept for the next time in \(path)")
  }

  func holds(_ name: String) -> Bool { shapes[name] != nil }

  func tensor(of name: String) throws -> Tensor {
    guard let file, let shape = shapes[name] else { return try weights.weights(of: name, as: .int8) }
    return try file.compactWeights(of: name, as: .int8, shape: shape)
  }

  /// - Returns: nil, or why the folder does not take the file.
  private static func write(
    _ shapes: [String: [Int]], of weights: ShardedWeights, names: [String], in folder: String, to path: String
  ) throws -> String? {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      return FileReason.words(error)
    }
    var tensors: [(name: String, tensor: SafetensorsTensor)] = []
    for name in names {
      guard let shape = shapes[name] else { continue }
      tensors.append((name, .compact(weights, name: name, shape: shape, .int8)))
    }
    do {
      try SafetensorsWriter.write(tensors, to: path, metadata: ["format": "ar1-int8"])
    } catch let error as SafetensorsError where error.path.hasPrefix(folder) {
      return error.reason
    }
    removeOthers(in: folder, than: path)
    return nil
  }

  /// A whole file with every matrix; nil otherwise, it is then made anew.
  private static func opened(_ path: String, shapes: [String: [Int]]) -> SafetensorsFile? {
    guard let file = try? SafetensorsFile(path: path) else { return nil }
    let whole = shapes.allSatisfy { name, shape in
      (try? file.compactWeights(of: name, as: .int8, shape: shape)) != nil
    }
    return whole ? file : nil
  }

  /// Files of earlier weights, and what a process that was killed left behind. A process that has one mapped keeps
  /// it until it ends.
  private static func removeOthers(in folder: String, than path: String) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix("int8-") {
      let file = "\(folder)/\(name)"
      let isOther = name.hasSuffix(".safetensors") && file != path
      if isOther || name.contains(".partial-") && age(of: file) > 3600 { try? files.removeItem(atPath: file) }
    }
  }

  /// Seconds since a file was last written to.
  private static func age(of file: String) -> Double {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    return (attributes?[.modificationDate] as? Date).map { -$0.timeIntervalSinceNow } ?? 0
  }

  private static func identity(of weights: ShardedWeights, names: [String]) throws -> String {
    var hash = FNV1a()
    hash.combine("\(version)\n")
    for file in weights.files {
      let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
      let time = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      hash.combine("\(file.path.split(separator: "/").last ?? "") \(attributes[.size] ?? 0) \(time)\n")
    }
    for name in names {
      hash.combine("\(name) \(try weights.shape(of: name)) \(try weights.dtype(of: name).rawValue)\n")
      hash.combine(try weights.sample(of: name))
    }
    return hash.text
  }
}
