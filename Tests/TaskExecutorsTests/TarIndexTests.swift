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

  @Test func `a link to a file of the archive is that file, one that leads elsewhere is none`() throws {
    let scratch = try TestFolder()
    var tar = TarFile()
    tar.add("./day/a.png", content: "first")
    // What a backup made of links keeps of an unchanged picture.
    tar.add("./night/a.png", kind: "1", target: "./day/a.png")
    tar.add("./night/b.png", kind: "2", target: "../day/./a.png")
    tar.add("c.png", kind: "2", target: "night/b.png")
    for target in ["/day/a.png", "../day/a.png", "gone.png"] { tar.add("d.png", kind: "2", target: target) }
    tar.add("e.png", kind: "1", target: "gone.png")
    try tar.write(to: scratch.path + "/links.tar")
    let entries = try ImageSet(scratch.path + "/links.tar").entries
    #expect(entries.map(\.path) == ["c.png", "day/a.png", "night/a.png", "night/b.png"])
    for entry in entries { #expect(try entry.bytes() == Array("first".utf8)) }
  }

  @Test func `names that are not UTF-8 have a row each, and hidden files are no photographs`() throws {
    let scratch = try TestFolder()
    var tar = TarFile()
    for (byte, content) in [(0xE4, "one"), (0xF6, "two")] as [(UInt8, String)] {
      tar.add(Array("teil_".utf8) + [byte] + Array(".png".utf8), content: Array(content.utf8))
    }
    // As macOS packs a file that has attributes.
    tar.add("./._a.png", content: "attributes")
    tar.add("./a.png", content: "three")
    tar.add("../b.png", content: "four")
    try tar.write(to: scratch.path + "/names.tar")
    let entries = try ImageSet(scratch.path + "/names.tar").entries
    #expect(entries.map(\.path) == ["../b.png", "a.png", "teil_%E4.png", "teil_%F6.png"])
    #expect(try entries.map { try $0.bytes() } == ["four", "three", "one", "two"].map { Array($0.utf8) })
  }

  @Test func `an image stored without its holes is refused with what to do, another file is passed over`()
    throws
  {
    let scratch = try TestFolder()
    for name in ["a.png", "a.db"] {
      var tar = TarFile()
      // One more block of the list of holes follows the header.
      tar.add(Array(name.utf8), kind: "S", content: [], flag: (482, 1))
      tar.add([], content: [])
      tar.add("b.png", content: "whole")
      let path = scratch.path + "/\(name).tar"
      try tar.write(to: path)
      guard name == "a.png" else {
        #expect(try ImageSet(path).entries.map(\.path) == ["b.png"])
        continue
      }
      let error = #expect(throws: TaskError.self) { try ImageSet(path) }
      #expect(error?.description.contains("a.png without its holes") == true)
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
