internal import FoundationEssentials
package import Inspection
package import JobModel
internal import WorkerRuntime

/// Which pictures of good products an image is compared with, and which class it belongs to.
package struct ReferenceBook: Sendable {
  /// Shown with images whose class has none of its own.
  private let common: [String]
  private let byClass: [String: [String]]
  /// How many are shown; nil where that is left to the protocol.
  private let count: Int?

  package init(_ settings: ScoreSettings) throws {
    var common: [String] = []
    var byClass: [String: [String]] = [:]
    var isFolder = false
    let only = settings.references.count == 1 ? settings.references[0] : nil
    for path in settings.references where !FileManager.default.fileExists(atPath: path) {
      throw TaskError(.userError, "the reference \(path) does not exist on the worker's machine")
    }
    if let only, FileManager.default.fileExists(atPath: only, isDirectory: &isFolder), isFolder {
      for path in try ImageFolder.list(only) {
        let parts = path.split(separator: "/")
        if parts.count == 1 {
          common.append(only + "/" + path)
        } else {
          byClass[String(parts[0]), default: []].append(only + "/" + path)
        }
      }
      guard !common.isEmpty || !byClass.isEmpty else {
        throw TaskError(.userError, "the folder of references \(only) holds no image")
      }
    } else if let only, only.lowercased().hasSuffix(".csv") {
      let folder = ListedFile.folder(of: only)
      for row in try ListedFile.table(only, columns: ["class", "path"]) {
        guard let name = row["class"], let path = row["path"], !path.isEmpty else { continue }
        let file = AbsolutePath.of(path, relativeTo: folder) ?? path
        guard FileManager.default.fileExists(atPath: file) else {
          throw TaskError(.userError, "\(only) names the reference \(file), which does not exist")
        }
        if name.isEmpty || name == "*" {
          common.append(file)
        } else {
          byClass[name, default: []].append(file)
        }
      }
    } else {
      common = settings.references
    }
    self.common = common
    self.byClass = byClass
    count = settings.referenceCount ?? (only == nil && !common.isEmpty ? common.count : nil)
  }

  /// The references of a class, or the common ones.
  package func references(of category: String?, promptProtocol: PromptProtocol) -> [String] {
    let found = category.flatMap { byClass[$0] } ?? common
    // A protocol that has no place for references says so when the prompt is made.
    return Array(found.prefix(count ?? max(1, promptProtocol.defaultReferenceCount)))
  }

  /// The first folder of a path that is a class of this book.
  package func category(of path: String) -> String? {
    path.split(separator: "/").dropLast().lazy.map(String.init).first { byClass[$0] != nil }
  }
}
