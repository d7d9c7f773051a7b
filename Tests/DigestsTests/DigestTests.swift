import Digests
import Testing

/// Files, tokens and webhooks are known elsewhere by these digests.
@Suite struct DigestTests {
  @Test(
    "A digest is the standard's (FIPS 180-4, examples)",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func standard(text: String, digest: String) {
    #expect(SHA256.digest(of: text.utf8).hexadecimal == digest)
  }

  @Test("Bytes that come in parts have the digest of the whole, wherever they are cut")
  func parts() {
    let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let whole = SHA256.digest(of: bytes)
    for cut in [0, 1, 63, 64, 65, 999, 1_000] {
      var hash = SHA256()
      hash.update(bytes[..<cut])
      bytes[cut...].withUnsafeBytes { hash.update($0) }
      #expect(hash.finalize() == whole)
    }
  }

  @Test("A message's code is the standard's (RFC 4231, test cases 2 and 6)")
  func codes() {
    #expect(
      HMACSHA256.code(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8)).hexadecimal
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    let long = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
    #expect(
      HMACSHA256.code(of: long, key: [UInt8](repeating: 0xaa, count: 131)).hexadecimal
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test("An empty message and an empty key have a code")
  func empty() {
    #expect(
      HMACSHA256.code(of: [], key: []).hexadecimal
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }

  @Test(
    "The hash for names is FNV-1a as its authors give it",
    arguments: [("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8")])
  func names(text: String, hash: String) {
    #expect(FNV1a(text).text == hash)
  }
}
