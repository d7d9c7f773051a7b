import HummingbirdCore
import HummingbirdTLS
import NIOSSL

/// The certificate a coordinator shows, and its key, as PEM files.
public struct TLSFiles: Sendable, Equatable {
  /// The server's certificate and, behind it, those that lead to a root that clients know.
  public var certificates: String
  public var key: String

  public init(certificates: String, key: String) {
    self.certificates = certificates
    self.key = key
  }

  /// Accepts TLS 1.2 and newer.
  func server(_ connections: HTTP1Channel.Configuration) throws -> HTTPServerBuilder {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(certificates)
      guard !chain.isEmpty else { throw TLSFilesError("\(certificates) holds no certificate in PEM form") }
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
      configuration.minimumTLSVersion = .tlsv12
      // Builds what each connection will use, so that a key of another certificate shows now.
      _ = try NIOSSLContext(configuration: configuration)
      return try .tls(.http1(configuration: connections), tlsConfiguration: configuration)
    } catch let error as TLSFilesError {
      throw error
    } catch {
      throw TLSFilesError(
        "the certificate \(certificates) and the key \(key) cannot be used: check that both are PEM files and "
          + "belong together (\(error))")
    }
  }
}

public struct TLSFilesError: Error, Sendable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}
