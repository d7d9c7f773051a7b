internal import FoundationEssentials
package import Inspection
package import JobModel
package import OrderedJSON
internal import WorkerRuntime

/// The results that an output folder holds already and a run with `append` adds to.
///
/// Two rows are of the same picture when they name the same file. Pictures of the same name in different folders, as of
/// cameras that begin every night with 0001, keep a row each: the later one is called by more of its folder.
package struct EarlierScores {
  let report: ScoreReport
  private let output: String

  /// nil where a run begins anew.
  package init?(_ settings: ScoreSettings) throws {
    guard settings.append, FileManager.default.fileExists(atPath: settings.output + "/run.json") else {
      return nil
    }
    output = settings.output
    report = try asUserError { try ScoreFolder(path: settings.output).read() }
    guard report.rows.allSatisfy({ $0.file != nil }) else {
      throw TaskError(
        .userError,
        "the results in \(output) do not say which file each row is of, as an earlier version wrote them; "
          + Self.remedy(output))
    }
  }

  private static func remedy(_ output: String) -> String {
    "name another output (with \(output)/cache as its cache, what it holds is not computed again), or leave append "
      + "out to replace them"
  }

  /// - Parameter conditions: of the run: what a report says once for all its rows.
  /// - Throws: `TaskError` naming what differs from the report's.
  package func check(_ conditions: [JSON.Member]) throws {
    let differing = conditions.compactMap { condition -> String? in
      let before = report.origin.first { $0.key == condition.key }?.value ?? .null
      guard before != condition.value else { return nil }
      return "\(condition.key) is \(Self.text(before)) there and \(Self.text(condition.value)) here"
    }
    guard !differing.isEmpty else { return }
    throw TaskError(
      .userError,
      "the results in \(output) were scored otherwise: \(differing.joined(separator: ", ")); rows of both in one "
        + "report would pass for the same. To keep them apart, " + Self.remedy(output))
  }

  private static func text(_ value: JSON) -> String {
    value.isNull ? "none" : value.string.map { String($0.prefix(12)) } ?? value.serialized()
  }

  /// The images of a run under names that no other picture of the report has: a file that has a row keeps that row's.
  package func named(_ entries: [ImageEntry]) throws -> [ImageEntry] {
    let fileOfName = Dictionary(
      report.rows.map { (Exact($0.path), $0.file.map(Exact.init)) }, uniquingKeysWith: { first, _ in first })
    let nameOfFile = Dictionary(
      report.rows.map { ($0.file.map(Exact.init), $0.path) }, uniquingKeysWith: { first, _ in first })
    var given = Set(entries.map { Exact($0.path) })
    return try entries.map { entry in
      if let file = fileOfName[Exact(entry.path)], file == Exact(entry.file) { return entry }
      var entry = entry
      if let name = nameOfFile[Exact(entry.file)], given.insert(Exact(name)).inserted {
        entry.path = name
      } else if fileOfName[Exact(entry.path)] != nil {
        let free = Self.longerNames(of: entry).first {
          fileOfName[Exact($0)] == nil && given.insert(Exact($0)).inserted
        }
        guard let free else {
          throw TaskError(
            .userError,
            "\(output) has a picture \(entry.path) that is not \(entry.file), and no name is left to tell them "
              + "apart; name another output")
        }
        entry.path = free
      }
      return entry
    }
  }

  /// The name with ever more of the folders before it.
  private static func longerNames(of entry: ImageEntry) -> [String] {
    let folder =
      entry.file.hasSuffix("/" + entry.path)
      ? String(entry.file.dropLast(entry.path.count + 1)) : ListedFile.folder(of: entry.file)
    let folders = folder.split(separator: "/")
    return folders.indices.reversed().map { folders[$0...].joined(separator: "/") + "/" + entry.path }
  }

  /// The earlier rows with those of a run: in place where a file was scored again, behind them where it is new.
  /// - Throws: `TaskError` where another run has given a name away since this one gave its own.
  package func joined(with rows: [ScoreRow]) throws -> [ScoreRow] {
    var new = Dictionary(rows.map { (Exact($0.path), $0) }, uniquingKeysWith: { first, _ in first })
    let kept = try report.rows.map { row in
      guard let again = new.removeValue(forKey: Exact(row.path)) else { return row }
      guard again.file.map(Exact.init) == row.file.map(Exact.init) else {
        throw TaskError(
          .userError,
          "another run into \(output) has added a picture \(row.path) meanwhile, which is \(row.file ?? "another"); "
            + "submit this one again, its scores are kept in the cache")
      }
      return again
    }
    return kept + rows.filter { new[Exact($0.path)] != nil }
  }

  /// A name as its bytes: of two that only look alike, an é of one sign and one of two, each is a file's.
  private struct Exact: Hashable {
    let bytes: [UInt8]
    init(_ name: String) { bytes = Array(name.utf8) }
  }
}
