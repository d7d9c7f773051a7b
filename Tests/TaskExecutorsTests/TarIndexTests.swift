import Foundation
import TaskExecutors
import Testing
import WorkerRuntime

@Suite struct TarIndexTests {
  private static let folder = TestFolder.golden + "/archives"

  @Test(arguments: ["ustar.tar", "gnu.tar", "pax.tar"])
  func `files lie where the program that reads the archive finds them, long names and all`(name: String)
    throws
  {
    let expected = try String(contentsOfFile: Self.folder + "/expected.txt", encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }.filter { $0[0] == name }
    let members = try TarIndex(path: Self.folder + "/" + name).members
    #expect(members.map(\.name) == expected.map { $0[1] })
    #expect(members.map { "\($0.bytes.lowerBound)" } == expected.map { $0[2] })
    #expect(members.map { "\($0.bytes.count)" } == expected.map { $0[3] })
  }

  @Test(arguments: ["ustar.tar", "gnu.tar", "pax.tar"])
  func `an archive cut off anywhere is an error or shorter, never a crash`(name: String) throws {
    let scratch = try TestFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/" + name))
    let all = try TarIndex(path: Self.folder + "/" + name).members
    let path = scratch.path + "/cut.tar"
    for length in stride(from: 0, to: whole.count, by: 61) {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      guard let members = try? TarIndex(path: path).members else { continue }
      #expect(all.starts(with: members))
      #expect(members.allSatisfy { $0.bytes.upperBound <= length })
    }
  }

  @Test func `a wrong byte in a header costs an error at worst`() throws {
    let scratch = try TestFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/pax.tar"))
    let path = scratch.path + "/wrong.tar"
    for index in 0..<2048 {
      var bytes = whole
      bytes[index] ^= 0x80
      try bytes.write(to: URL(fileURLWithPath: path))
      if let members = try? TarIndex(path: path).members {
        #expect(members.allSatisfy { $0.bytes.upperBound <= whole.count })
      }
    }
  }

  @Test func `what is no archive says so, and a compressed one what to do`() throws {
    let scratch = try TestFolder()
    let text = try scratch.write(String(repeating: "no archive ", count: 100), to: "a.tar")
    let error = #expect(throws: TaskError.self) { try TarIndex(path: text) }
    #expect(error?.description.contains("no tar archive") == true)
    let compressed = try scratch.write("x", to: "a.tar.gz")
    let advice = #expect(throws: TaskError.self) { try ImageSet(compressed) }
    #expect(advice?.description.contains("unpack it") == true)
  }
}
