import Foundation
import Images
import OrderedJSON
import TaskExecutors
import Testing
import WorkerRuntime

@Suite struct ImageSetTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    for name in ["b.PNG", "a.jpg", "sub/c.tiff", "sub/deep/d.webp", "e.bmp", "notes.md", ".hidden/f.png"] {
      try folder.write(name, to: name)
    }
  }

  private func paths(_ source: String) throws -> [String] { try ImageSet(source).entries.map(\.path) }

  @Test func `a folder is searched downwards, in the order of the bytes, hidden files left out`() throws {
    #expect(try paths(folder.path) == ["a.jpg", "b.PNG", "e.bmp", "sub/c.tiff", "sub/deep/d.webp"])
    #expect(try ImageSet(folder.path).entries[3].bytes() == Array("sub/c.tiff".utf8))
  }

  @Test func `what a scoring has written into a folder within is no photograph`() throws {
    for name in ["results/overlays/a.jpg.jpg", "results/masks/a.jpg.png", "results/more/g.png"] {
      try folder.write(name, to: name)
    }
    let results = ScoreFolder(path: folder.path + "/sub/../results").written
    #expect(try ImageSet(folder.path, without: results).entries.count == 5)
    // The results may lie in the scored folder itself.
    try folder.write("x", to: "overlays/a.jpg.jpg")
    let here = ScoreFolder(path: folder.path).written
    #expect(try ImageSet(folder.path, without: here + results).entries.count == 5)
  }

  @Test func `images and folders whose names are not UTF-8 have a row each and are read`() throws {
    let latin = Array((folder.path + "/teile_").utf8) + [0xE4]
    #expect(mkdir(Self.name(latin), 0o755) == 0)
    for (place, byte) in [(Array(folder.path.utf8), 0xE4), (Array(folder.path.utf8), 0xF6), (latin, 0xFC)] {
      let path = place + Array("/teil_".utf8) + [UInt8(byte)] + Array(".png".utf8)
      let file = fopen(Self.name(path), "w")
      fputs("byte \(byte)", file)
      fclose(file)
    }
    // A name that only looks spelled out.
    try folder.write("plain", to: "teil_%D6.png")
    for source in [folder.path, folder.path + "/teil*"] {
      let found = try ImageSet(source).entries.filter { $0.path.hasPrefix("teil_") }
      #expect(found.map(\.path) == ["teil_%D6.png", "teil_%E4.png", "teil_%F6.png"])
      #expect(
        try found.map { String(decoding: try $0.bytes(), as: UTF8.self) } == [
          "plain", "byte 228", "byte 246",
        ])
    }
    let inner = try #require(try ImageSet(folder.path).entries.first { $0.path.hasPrefix("teile") })
    #expect(inner.path == "teile_%E4/teil_%FC.png")
    #expect(try ImageEntry(inner.json).bytes() == Array("byte 252".utf8))
  }

  /// A name for the system, of bytes.
  private static func name(_ bytes: [UInt8]) -> [CChar] { bytes.map(CChar.init(bitPattern:)) + [0] }

  @Test func `two names that only look alike are two images`() throws {
    let names = ["e\u{301}.png", "\u{E9}.png"]
    for name in names { try folder.write(name, to: "alike/" + name) }
    let set = try ImageSet(folder.path + "/alike")
    #expect(set.duplicates == 0)
    #expect(try set.entries.map { try $0.bytes() } == names.map { Array($0.utf8) })
  }

  @Test func `what a system leaves in a folder, which nobody else may read, is not looked into`() throws {
    for name in ["lost+found", "System Volume Information", "sub/$RECYCLE.BIN"] {
      try folder.write("gone", to: name + "/old.png")
    }
    #expect(try ImageSet(folder.path).entries.count == 5)
  }

  @Test func `a link that leads nowhere has a row, and says so`() throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/gone.png", withDestinationPath: "nowhere.png")
    let entry = try #require(try ImageSet(folder.path).entries.first { $0.path == "gone.png" })
    let error = #expect(throws: (any Error).self) { try entry.bytes() }
    #expect(error.map { "\($0)" }?.contains("No such file") == true)
  }

  @Test func `a folder that cannot be looked into is an error that names it`() throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/circle", withDestinationPath: folder.path + "/circle")
    let error = #expect(throws: TaskError.self) { try ImageFolder.list(folder.path + "/circle") }
    #expect(error?.description.contains("circle cannot be read: Too many levels") == true)
  }

  @Test func `an empty cell of a table says nothing`() throws {
    let table = try folder.write("path,name,class\na.jpg,,\nb.PNG,,screw\n", to: "list.csv")
    let entries = try ImageSet(table).entries
    #expect(entries.map(\.path) == ["a.jpg", "b.PNG"])
    #expect(entries.map(\.category) == [nil, "screw"])
  }

  @Test func `a quote within a name is part of it, and a quoted field that never ends is an error`() throws {
    let table = try folder.write("path\na.jpg\n3\" pipe.png\nb.PNG\n", to: "list.csv")
    #expect(try paths(table) == ["a.jpg", "3\" pipe.png", "b.PNG"])
    let open = try folder.write("path\na.jpg\n\"3 pipe.png\nb.PNG\n", to: "open.csv")
    let error = #expect(throws: TaskError.self) { try ImageSet(open) }
    #expect(error?.description.contains("line 3: a quoted field is not closed") == true)
  }

  @Test func `a link to a file within the folder counts, one that leads out of it does not`() throws {
    let outside = try TestFolder()
    let secret = try outside.write("secret", to: "secret.png")
    let manager = FileManager.default
    try manager.createSymbolicLink(atPath: folder.path + "/out.png", withDestinationPath: secret)
    try manager.createSymbolicLink(
      atPath: folder.path + "/in.png", withDestinationPath: folder.path + "/a.jpg")
    try manager.createSymbolicLink(atPath: folder.path + "/circle", withDestinationPath: folder.path)
    // Nor does one whose name is not UTF-8, which a list may call by its text.
    let latin = Array((folder.path + "/out_").utf8) + [0xE4] + Array(".png".utf8)
    #expect(symlink(secret, Self.name(latin)) == 0)
    #expect(FileName.resolved(folder.path + "/out_%E4.png") == FileName.resolved(secret))
    #expect(try paths(folder.path).contains("in.png"))
    #expect(try !paths(folder.path).contains("out.png"))
    #expect(try paths(folder.path).count == 6)
  }

  @Test func `a mounted bucket is a folder, however its keys are called and by whatever link it is reached`()
    throws
  {
    for key in ["line=7/2026-11-25 night/é #1.png", "line=7/2026-11-25 night/100%.jpg"] {
      try folder.write(key, to: "bucket/" + key)
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/mount", withDestinationPath: folder.path + "/bucket")
    let entries = try ImageSet(folder.path + "/mount").entries
    #expect(entries.map(\.path) == ["line=7/2026-11-25 night/100%.jpg", "line=7/2026-11-25 night/é #1.png"])
    for entry in entries { #expect(try entry.bytes() == Array(entry.path.utf8)) }
  }

  @Test func `a pattern names its matches from the last plain folder`() throws {
    #expect(try paths(folder.path + "/sub/*/*.webp") == ["deep/d.webp"])
    #expect(try paths(folder.path + "/[ab].*") == ["a.jpg", "b.PNG"])
    let none = #expect(throws: TaskError.self) { try ImageSet(folder.path + "/*.gif") }
    #expect(none?.description.contains("no file matches") == true)
  }

  @Test func `a list keeps its order, every path once, a missing file too`() throws {
    let list = try folder.write("e.bmp\n\nsub/c.tiff\ngone.png\ne.bmp\r\n", to: "night.txt")
    let set = try ImageSet(list)
    #expect(set.entries.map(\.path) == ["e.bmp", "sub/c.tiff", "gone.png"])
    #expect(set.duplicates == 1)
    #expect(try set.entries[0].bytes() == Array("e.bmp".utf8))
    #expect(throws: (any Error).self) { try set.entries[2].bytes() }
  }

  @Test func `a mark that an editor puts before a list is no part of its first image`() throws {
    let list = try folder.write("\u{FEFF}e.bmp\na.jpg\n", to: "marked.txt")
    let set = try ImageSet(list)
    #expect(set.entries.map(\.path) == ["e.bmp", "a.jpg"])
    #expect(try set.entries[0].bytes() == Array("e.bmp".utf8))
    let table = try folder.write("\u{FEFF}path\na.jpg\n", to: "marked.csv")
    #expect(try paths(table) == ["a.jpg"])
  }

  @Test func `a table may give names and classes, and without the right column says what it needs`() throws {
    let table = try folder.write(
      "Class,Path,name\nbolt,a.jpg,\"one, two\"\nnut,e.bmp,three\n", to: "night.csv")
    let entries = try ImageSet(table).entries
    #expect(entries.map(\.path) == ["one, two", "three"])
    #expect(entries.map(\.category) == ["bolt", "nut"])
    #expect(try entries.map { try ImageEntry($0.json) } == entries)
    let twice = try folder.write("path,name\na.jpg,one\ne.bmp,one\n", to: "twice.csv")
    let clash = #expect(throws: TaskError.self) { try ImageSet(twice) }
    #expect(clash?.description.contains("two images one") == true)
    let wrong = try folder.write("file\na.jpg\n", to: "wrong.csv")
    let error = #expect(throws: TaskError.self) { try ImageSet(wrong) }
    #expect(error?.description.contains("path") == true)
  }

  @Test func `an archive's images are read out of it`() throws {
    let entries = try ImageSet(TestFolder.golden + "/archives/gnu.tar").entries
    #expect(entries.map(\.path).prefix(3) == ["a.png", "folder/b.jpg", "folder/empty.png"])
    #expect(try entries[0].bytes() == Array("first".utf8))
    #expect(try entries[2].bytes() == [])
    #expect(try entries.map { try ImageEntry($0.json) } == entries)
  }

  @Test func `a folder without images and a path that is not there are errors that name them`() throws {
    try FileManager.default.createDirectory(
      atPath: folder.path + "/empty", withIntermediateDirectories: true)
    for path in [folder.path + "/empty", folder.path + "/nowhere"] {
      let error = #expect(throws: TaskError.self) { try ImageSet(path) }
      #expect(error?.description.contains(path) == true)
    }
  }
}
