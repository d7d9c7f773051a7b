internal import Images
internal import Inspection
package import OrderedJSON
internal import WorkerRuntime

/// One image of a run: what it is called and where its bytes lie. A line of the run's image list.
package struct ImageEntry: Sendable, Equatable {
  package enum Location: Sendable, Equatable {
    case file(String)
    /// Within an archive.
    case part(of: String, Range<Int>)
  }

  package let path: String
  package let location: Location
  package var category: String?

  package init(path: String, location: Location, category: String? = nil) {
    self.path = path
    self.location = location
    self.category = category
  }

  package func bytes() throws -> [UInt8] {
    switch location {
    case .file(let file): try ImageFile.bytes(path: file)
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
      ]
    }
    if let category { members.append(.init("class", .string(category))) }
    return .object(members)
  }

  package init(_ json: JSON) throws {
    guard let path = json["path"]?.string else {
      throw TaskError(.transient, "a line of the image list has no path: \(json.serialized().prefix(120))")
    }
    self.path = path
    category = json["class"]?.string
    if let file = json["file"]?.string {
      location = .file(file)
    } else if let archive = json["archive"]?.string, let offset = json["offset"]?.int, offset >= 0,
      let count = json["bytes"]?.int, count >= 0
    {
      location = .part(of: archive, offset..<offset + count)
    } else {
      throw TaskError(.transient, "the image list does not say where \(path) lies")
    }
  }
}
