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

  package func bytes(of name: String) throws -> [UInt8] {
    let file = path(of: name)
    guard has(name) else {
      var isFolder = false
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      let why =
        exists && isFolder
        ? "the file is missing from the model folder"
        : "there is no folder \(path); a model is a folder with config.json, a tokenizer and safetensors files"
      throw ModelFileError(file: file, problem: why)
    }
    do {
      return [UInt8](try Data(contentsOf: URL(filePath: file)))
    } catch {
      throw ModelFileError(file: file, problem: "cannot be read: \(error)")
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
