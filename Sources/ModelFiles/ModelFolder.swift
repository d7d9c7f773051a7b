import FoundationEssentials
package import OrderedJSON

/// The small files of a model folder, read with errors that name the file.
package struct ModelFolder: Sendable {
  package let path: String

  package init(_ path: String) {
    self.path = path
  }

  package func path(of name: String) -> String {
    path.hasSuffix("/") ? path + name : path + "/" + name
  }

  package func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: path(of: name))
  }

  package func requireFolder() throws(ModelFileError) {
    var isFolder = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard exists, isFolder else {
      throw ModelFileError(
        file: path,
        problem: (exists ? "is not a folder" : "does not exist")
          + "; a model is a folder with config.json, a tokenizer and safetensors files")
    }
  }

  package func bytes(of name: String) throws -> [UInt8] {
    let file = path(of: name)
    guard has(name) else {
      try requireFolder()
      throw ModelFileError(file: file, problem: "the file is missing from the model folder")
    }
    do {
      return [UInt8](try Data(contentsOf: URL(filePath: file)))
    } catch {
      throw ModelFileError(file: file, problem: "cannot be read: \(FileReason.words(error))")
    }
  }

  package func json(_ name: String) throws -> JSON {
    let bytes = try bytes(of: name)
    do {
      return try bytes.withUnsafeBytes { buffer in
        Result { () throws(JSONError) in try JSON(parsing: buffer) }
      }.get()
    } catch {
      throw ModelFileError(file: path(of: name), problem: "not JSON: \(error)")
    }
  }
}
