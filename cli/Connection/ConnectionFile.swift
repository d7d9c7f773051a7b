import FoundationEssentials
import Glibc
import JobModel
import OrderedJSON

/// Where a coordinator is and the token to speak to it with, as `ar1 up` leaves them for the commands that
/// follow: `.ar1/connection.json` in the folder it runs in.
struct ConnectionFile: Codable {
  var url: String
  /// A member's token: submits and reads.
  var token: String
  /// A worker's token, for workers started by hand.
  var workerToken: String?
  /// The private PostgreSQL, for 'ar1 doctor'.
  var database: String?

  enum CodingKeys: String, CodingKey {
    case url, token, database
    case workerToken = "worker_token"
  }

  static let relativePath = ".ar1/connection.json"

  /// The file of `folder` or of the nearest folder above it that has one; nil where none has.
  /// - Throws: when there is one that cannot be read.
  static func nearest(to folder: String) throws -> (file: ConnectionFile, path: String)? {
    var folder = folder
    while true {
      let path = (folder == "/" ? "" : folder) + "/" + relativePath
      if access(path, F_OK) == 0 {
        do {
          let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
          return (try JSON(parsing: [UInt8](bytes)).decode(ConnectionFile.self), path)
        } catch {
          throw ConnectionError(
            "\(path) cannot be read (\(Self.reason(error))); delete it or start 'ar1 up' again")
        }
      }
      guard folder != "/", let slash = folder.lastIndex(of: "/") else { return nil }
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
  }

  /// Writes `.ar1/connection.json` under `folder`, readable by its owner alone, in one step.
  func write(under folder: String) throws {
    let directory = folder + "/.ar1"
    if mkdir(directory, 0o700) != 0, errno != EEXIST {
      throw ConnectionError("\(directory) cannot be made: \(String(cString: strerror(errno)))")
    }
    let bytes = Array((try JSON(encoding: self).serialized(pretty: true) + "\n").utf8)
    let path = folder + "/" + Self.relativePath
    let temporary = path + ".\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ConnectionError("\(temporary) cannot be written: \(String(cString: strerror(errno)))")
    }
    let written = Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
    guard written == bytes.count, rename(temporary, path) == 0 else {
      unlink(temporary)
      throw ConnectionError("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  /// Removes the file under `folder`, if it is there.
  static func remove(under folder: String) { unlink(folder + "/" + relativePath) }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case is DecodingError, is JSONError: "it is not the JSON that 'ar1 up' writes"
    default: "no permission, or not a file"
    }
  }
}

/// Why no coordinator could be addressed.
struct ConnectionError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
