internal import Digests
package import Images
package import Inspection
package import OrderedJSON
internal import WorkerRuntime

/// One image of a run: what it is called and where its bytes lie. A line of the run's image list.
package struct ImageEntry: Sendable, Equatable {
  package enum Location: Sendable, Equatable {
    case file(String)
    /// Within an archive.
    case part(of: String, Range<Int>)
  }

  /// What the results call it.
  package var path: String
  package let location: Location
  /// Which picture it is, wherever a run begins to look: its file, or the archive with its path in there.
  package let file: String
  package var category: String?

  package init(path: String, location: Location, category: String? = nil) {
    self.init(path: path, location: location, category: category, inArchive: path)
  }

  /// - Parameter name: its path in the archive, if it lies in one.
  private init(path: String, location: Location, category: String?, inArchive name: String) {
    self.path = path
    self.location = location
    self.category = category
    switch location {
    case .file(let file): self.file = file
    case .part(let archive, _): file = archive + "/" + name
    }
  }

  /// Its row, of which nothing is known yet.
  var row: ScoreRow {
    var row = ScoreRow(path: path, category: category)
    row.file = file
    return row
  }

  /// The picture that was scored, read again.
  /// - Throws: `ImageError` where it cannot be read any more, or where its bytes are others than those scored.
  package func picture(scoredAs row: ScoreRow) throws -> RGBImage {
    let bytes = try bytes()
    guard SHA256.digest(of: bytes).hexadecimal == row.sha256 else {
      throw ImageError(name: path, reason: "has changed since it was scored")
    }
    return try ImageFile.decode(bytes: bytes, name: path)
  }

  package func bytes() throws -> [UInt8] {
    switch location {
    case .file(let file): try ImageFile.bytes(path: file, at: FileName.onDisk(file))
    case .part(let archive, let range): try ImageFile.bytes(path: archive, part: range)
    }
  }

  package var json: JSON {
    var members = [JSON.Member("path", .string(path))]
    switch location {
    case .file(let file): members.append(.init("file", .string(file)))
    case .part(let archive, let range):
      members += [
        .init("archive", .string(archive)), .init("offset", .integer(range.lowerBound)),
        .init("bytes", .integer(range.count)),
        .init("name", .string(String(file.dropFirst(archive.count + 1)))),
      ]
    }
    if let category { members.append(.init("class", .string(category))) }
    return .object(members)
  }

  package init(_ json: JSON) throws {
    guard let path = json["path"]?.string else {
      throw TaskError(.transient, "a line of the image list has no path: \(json.serialized().prefix(120))")
    }
    let location: Location
    if let file = json["file"]?.string {
      location = .file(file)
    } else if let archive = json["archive"]?.string, let offset = json["offset"]?.int, offset >= 0,
      let count = json["bytes"]?.int, count >= 0
    {
      location = .part(of: archive, offset..<offset + count)
    } else {
      throw TaskError(.transient, "the image list does not say where \(path) lies")
    }
    self.init(
      path: path, location: location, category: json["class"]?.string, inArchive: json["name"]?.string ?? path
    )
  }
}
