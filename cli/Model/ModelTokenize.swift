import ArgumentParser
import FoundationEssentials
import ModelFiles
import OrderedJSON
import QwenVL

/// `ar1 model tokenize`: the identifiers of texts.
struct ModelTokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Show the token identifiers of a text.",
    discussion: """
      With --file every line is a text of its own; its line feed is not part of it. Added tokens such as \
      <|im_end|> are recognised in the text.
      """)

  @Argument(help: "A model folder in Hugging Face form.", completion: .directory)
  var model: String

  @Option(parsing: .unconditional, help: "The text.")
  var text: String?

  @Option(help: "A UTF-8 file with one text per line.", completion: .file())
  var file: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    guard (text == nil) != (file == nil) else {
      throw ValidationError("give either --text or --file")
    }
  }

  func run() throws {
    let tokenizer = try Tokenizer(folder: model)
    if let text {
      show([tokenizer.encode(text)], ofOneText: true)
    } else if let file {
      show(try Self.lines(of: file).map(tokenizer.encode), ofOneText: false)
    }
  }

  private func show(_ rows: [[Int]], ofOneText: Bool) {
    guard json else {
      Terminal.write(rows.map { $0.map(String.init).joined(separator: " ") + "\n" }.joined())
      return
    }
    let lists = rows.map { JSON.array($0.map(JSON.integer)) }
    let document: JSON = ["ids": ofOneText ? lists[0] : .array(lists)]
    Terminal.write(document.serialized() + "\n")
  }

  /// The lines of a file; a carriage return is part of its line, a last line feed begins no further one.
  static func lines(of path: String) throws -> [String] {
    guard FileManager.default.fileExists(atPath: path) else {
      throw TextFileError("\(path): there is no such file")
    }
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch {
      throw TextFileError("\(path): cannot be read: \(FileReason.words(error))")
    }
    var parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if parts.last?.isEmpty == true { parts.removeLast() }
    return try parts.enumerated().map { index, part in
      guard let line = String(validating: part, as: UTF8.self) else {
        throw TextFileError("\(path): line \(index + 1) is not valid UTF-8")
      }
      return line
    }
  }
}

/// Why a file of texts cannot be read.
struct TextFileError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
