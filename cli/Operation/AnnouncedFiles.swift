import Digests
import FoundationEssentials
import JobModel
import JobStore

/// Whether the files that jobs announced are on the disk as they were announced: what a restore has to bring back.
enum AnnouncedFiles {
  /// Names at most so many files that are not.
  private static let mostNames = 5

  static func finding(_ store: JobStore) async throws -> Finding {
    var (whole, wrong) = (0, [String]())
    var last: String?
    while true {
      let page = try await store.announcedFiles(after: last)
      guard let end = page.last else { break }
      last = end.path
      for file in page {
        if let problem = problem(with: file) { wrong.append(problem) } else { whole += 1 }
      }
    }
    guard !wrong.isEmpty else { return Finding(.fine, "files", "\(whole) announced files are as announced") }
    let names = wrong.prefix(mostNames).joined(separator: "; ")
    let more = wrong.count > mostNames ? "; and \(wrong.count - mostNames) more" : ""
    return Finding(
      .problem, "files",
      "\(wrong.count) of \(whole + wrong.count) announced files are not as announced: "
        + names + more,
      advice: "restore them from the backup of the same night, or run their jobs again; "
        + "results that 'ar1 score threshold' has decided anew are others, too")
  }

  private static func problem(with file: Artifact) -> String? {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: file.path), options: .mappedIfSafe) else {
      return "\(file.path) is missing"
    }
    guard data.count == file.bytes else {
      return "\(file.path) has \(data.count) bytes instead of \(file.bytes)"
    }
    let hash = data.withUnsafeBytes { SHA256.digest(of: $0).hexadecimal }
    return hash == file.sha256 ? nil : "\(file.path) has another content"
  }
}
