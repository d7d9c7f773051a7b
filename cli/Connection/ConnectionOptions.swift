import ArgumentParser
import CoordinatorClient
import FoundationEssentials
import Glibc

/// Which coordinator a command speaks to, and with which token.
///
/// The URL: `--url`, else AR1_URL, else the connection file of `ar1 up` in this folder or one above it.
/// The token: `--token-file`, else AR1_TOKEN, else the connection file's, but only for the connection file's
/// own URL: a token is never sent to another server than the one it came with.
struct ConnectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Coordinator to speak to, such as http://queue.lab:8170 (default: AR1_URL, else .ar1/connection.json).")
  )
  var url: String?

  @Option(
    help: ArgumentHelp(
      "File with the token (default: AR1_TOKEN, else .ar1/connection.json).", valueName: "file"))
  var tokenFile: String?

  @Option(
    help: ArgumentHelp(
      "PEM file of the certificates to trust for https (default: AR1_CA, else the system's).",
      valueName: "file"), completion: .file())
  var ca: String?

  enum Purpose { case user, worker }

  func client(for purpose: Purpose = .user) throws -> CoordinatorClient {
    let (url, token) = try resolve(for: purpose)
    let authority = ca ?? Self.environment("AR1_CA")
    if let authority, access(authority, R_OK) != 0 {
      throw ConnectionError("the certificate file \(authority) cannot be read")
    }
    switch purpose {
    case .user:
      return CoordinatorClient(url: url, token: token, patience: .brief, authority: authority) { notice in
        Terminal.writeError(notice + "\n")
      }
    case .worker:
      return CoordinatorClient(url: url, token: token, patience: .endless, authority: authority) { notice in
        Terminal.writeError("\(LocalTime(Self.now).seconds)  \(notice)\n")
      }
    }
  }

  private static var now: Double {
    var moment = timespec()
    clock_gettime(CLOCK_REALTIME, &moment)
    return Double(moment.tv_sec)
  }

  private func resolve(for purpose: Purpose) throws -> (url: String, token: String) {
    let file = try ConnectionFile.nearest(to: FileManager.default.currentDirectoryPath)
    guard let chosen = url ?? Self.environment("AR1_URL") ?? file?.file.url else {
      throw ConnectionError(
        """
        no coordinator is known here. Start one with 'ar1 up' in this folder, or name one with --url \
        (and --token-file), or with AR1_URL and AR1_TOKEN.
        """)
    }
    let address = chosen.hasSuffix("/") ? String(chosen.dropLast()) : chosen
    guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
      throw ConnectionError("'\(chosen)' is no coordinator's URL; it begins with http:// or https://")
    }
    if let tokenFile { return (address, try Self.token(inFile: tokenFile)) }
    if let text = Self.environment("AR1_TOKEN") { return (address, try Self.token(in: text, "AR1_TOKEN")) }
    if let (connection, _) = file, connection.url == address {
      return (address, purpose == .worker ? connection.workerToken ?? connection.token : connection.token)
    }
    throw ConnectionError(
      "no token for \(address): name its file with --token-file, or set AR1_TOKEN. "
        + "'ar1 token create' makes one.")
  }

  private static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  private static func token(inFile path: String) throws -> String {
    guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
      throw ConnectionError("the token file \(path) cannot be read")
    }
    return try token(in: String(decoding: bytes, as: UTF8.self), "the token file \(path)")
  }

  /// Without the line break that editors and secret stores put behind it, which no header may hold.
  private static func token(in text: String, _ place: String) throws -> String {
    guard let token = text.split(whereSeparator: \.isWhitespace).first else {
      throw ConnectionError("\(place) is empty")
    }
    return String(token)
  }
}
