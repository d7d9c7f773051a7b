import FoundationEssentials
import Tensors
import Testing

@Suite struct SafetensorsTests {
  let folder: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "tensors-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path
  }

  @Test("what is written is read back, in every format, under its name")
  func roundTrip() throws {
    defer { remove() }
    let t = Tensor([1.5, -2.25, 3.140625, .infinity, 0, 0x1p-100], shape: [2, 3])
    let path = "\(folder)/a.safetensors"
    try SafetensorsWriter.write(
      [
        ("small", .uint8([0, 200, 255], shape: [3])), ("plain", .float32(t)), ("half", .bfloat16(t)),
        ("ids", .int64([-5, 1 << 40], shape: [2])), ("more", .int32([-7], shape: [1, 1])),
        ("none", .floats([], shape: [0, 4])), ("scalar", .floats([2], shape: [])),
      ], to: path, metadata: ["format": "pt", "é \"quoted\"": "\n"])
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["format": "pt", "é \"quoted\"": "\n"])
    #expect(Set(file.names) == ["small", "plain", "half", "ids", "more", "none", "scalar"])
    #expect(try file.tensor(of: "plain").shape == [2, 3])
    #expect(try file.floats(of: "plain") == t.values)
    #expect(try file.floats(of: "half") == [1.5, -2.25, 3.140625, .infinity, 0, 0x1p-100])
    #expect(try file.integers(of: "small") == [0, 200, 255])
    #expect(try file.integers(of: "ids") == [-5, 1 << 40])
    #expect(try file.integers(of: "more") == [-7] && file.floats(of: "more") == [-7])
    #expect(try file.tensor(of: "none").count == 0 && file.tensor(of: "scalar").item == 2)
    #expect(throws: SafetensorsError.self) { try file.tensor(of: "absent") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.safetensors"])
  }

  @Test("bfloat16 is rounded to the nearest, ties to even, and keeps NaN")
  func rounding() throws {
    defer { remove() }
    let bits: [UInt32] = [0x3F80_8000, 0x3F81_8000, 0x3F80_8001, 0x7F80_0001, 0x7F7F_FFFF]
    let path = "\(folder)/b.safetensors"
    let values = Tensor(bits.map { Float(bitPattern: $0) }, shape: [5])
    try SafetensorsWriter.write([("x", .bfloat16(values))], to: path)
    let back = try SafetensorsFile(path: path).floats(of: "x")
    #expect(back[0...2].map(\.bitPattern) == [0x3F80_0000, 0x3F82_0000, 0x3F81_0000])
    #expect(back[3].isNaN && back[4] == .infinity)
  }

  @Test(
    "a file that is damaged or lies is refused with its reason",
    arguments: [
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7, "truncated"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "belong to no tensor"),
      (#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "takes 12"),
      (#"{"x":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}}"#, 8, "dtype \"F4\""),
      (#"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "whole number"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "not a range"),
      (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "not a range"),
      (#"{"x":{"dtype":"F32","shape":[2]}}"#, 8, "data_offsets"),
      (#"{"x":{"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 8, "memory"),
      (
        #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
        12, "overlaps that of \"x\""
      ),
      (#"{"x":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#, 4, "before its data"),
      (#"["x"]"#, 0, "not a JSON object"),
      (#"{"x":"#, 0, "not JSON"),
    ])
  func refusals(header: String, bytes: Int, reason: String) throws {
    defer { remove() }
    #expect(
      refusal(of: length(UInt64(header.utf8.count)) + Array(header.utf8) + zeros(bytes)).contains(reason))
  }

  @Test("a header length beyond the file or beyond reason is refused before it is used")
  func headerLength() {
    defer { remove() }
    #expect(refusal(of: []).contains("no safetensors file"))
    #expect(refusal(of: zeros(5)).contains("no safetensors file"))
    #expect(refusal(of: length(100) + Array("{}".utf8)).contains("truncated"))
    #expect(refusal(of: length(.max) + Array("{}".utf8)).contains("at most"))
    #expect(refusal(of: nil).contains("No such file"))
  }

  @Test("shards are one table of weights; a missing shard, tensor or index is named")
  func shards() throws {
    defer { remove() }
    func open() -> String {
      do {
        let weights = try ShardedWeights(folder: folder)
        return try weights.names.map { "\($0)=\(try weights.tensor(of: $0).values)" }.joined(separator: " ")
      } catch { return "\(error)" }
    }
    func index(_ map: String) throws {
      let text = #"{"metadata":{"total_size":8},"weight_map":{"# + map + "}}"
      try Data(text.utf8).write(to: URL(filePath: "\(folder)/model.safetensors.index.json"))
    }
    #expect(open().contains("neither model.safetensors nor"))
    try SafetensorsWriter.write([("a", .floats([1], shape: [1]))], to: "\(folder)/one.safetensors")
    try SafetensorsWriter.write([("b", .floats([2], shape: [1]))], to: "\(folder)/two.safetensors")
    try index(#""a":"one.safetensors","b":"two.safetensors""#)
    #expect(open() == "a=[1.0] b=[2.0]")
    try index(#""a":"one.safetensors","b":"one.safetensors""#)
    #expect(open().contains("\"b\": the index places it in one.safetensors, which does not hold it"))
    try index(#""a":"three.safetensors""#)
    #expect(open().contains("three.safetensors: cannot be opened"))
    try index(#""a":"../one.safetensors""#)
    #expect(open().contains("not the name of a file"))
    try SafetensorsWriter.write([("a", .floats([3], shape: [1]))], to: "\(folder)/model.safetensors")
    #expect(open() == "a=[3.0]")
  }

  private func refusal(of bytes: [UInt8]?) -> String {
    let path = "\(folder)/bad.safetensors"
    do {
      if let bytes { try Data(bytes).write(to: URL(filePath: path)) }
      _ = try SafetensorsFile(path: bytes == nil ? "\(folder)/absent" : path)
      return "accepted"
    } catch { return "\(error)" }
  }

  private func length(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
  private func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
  private func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
