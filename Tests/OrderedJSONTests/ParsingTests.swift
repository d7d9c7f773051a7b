import OrderedJSON
import Testing

@Test("members keep the order of the file, and the last of duplicate keys wins")
func orderAndDuplicates() throws {
  let value = try JSON(parsing: #" {"z":1,"a":[true,false,null],"z":{"m":"n"}} "#)
  #expect(value == ["z": ["m": "n"], "a": [true, false, nil]])
  #expect(value["a"]?[1]?.bool == false)
  #expect(value["missing"] == nil)
  let many = "{" + (0..<100).map { "\"k\($0 % 60)\":\($0)" }.joined(separator: ",") + "}"
  let members = try #require(try JSON(parsing: many).members)
  #expect(members.map(\.key) == (0..<60).map { "k\($0)" })
  #expect(members.map(\.value) == (0..<60).map { .integer($0 < 40 ? $0 + 60 : $0) })
}

@Test("canonically equivalent keys are different keys")
func keysAreBytes() throws {
  let value = try JSON(parsing: "{\"\u{e9}\":1,\"e\u{301}\":2}")
  #expect(value.members?.count == 2)
  #expect(value["\u{e9}"]?.int == 1)
  #expect(value["e\u{301}"]?.int == 2)
}

@Test(
  "numbers are whole when they fit 64 bits",
  arguments: [
    ("0", JSON.integer(0)), ("-7", .integer(-7)), ("9223372036854775807", .integer(.max)),
    ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1e6", .number(1_000_000)),
    ("-0", .number(-0.0)), ("1.5e-3", .number(0.0015)), ("2.0", .number(2)),
  ])
func numbers(text: String, value: JSON) throws {
  #expect(try JSON(parsing: text) == value)
}

@Test("strings may hold every escape, and surrogate pairs become one character")
func escapes() throws {
  let text = #""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀""#
  #expect(try JSON(parsing: text).string == "a\"\\/\u{8}\u{c}\n\r\té😀é😀")
}

@Test(
  "what is wrong is said with its place",
  arguments: [
    ("", "line 1, column 1 (byte 0): expected a value, found the end of the text"),
    ("[1,\n 2 3]", "line 2, column 4 (byte 7): expected ',' or ']' in an array, found '3'"),
    ("{\"a\" 1}", "line 1, column 6 (byte 5): expected ':' after a key, found '1'"),
    ("{\"a\":1,}", "line 1, column 8 (byte 7): expected a key in double quotes, found '}'"),
    ("{\"a\":NaN}", "line 1, column 6 (byte 5): expected a value after ':', found 'N'"),
    ("nul", "line 1, column 1 (byte 0): expected null, found 'n'"),
    ("1 2", "line 1, column 3 (byte 2): expected the end of the document, found '2'"),
    ("01", "line 1, column 1 (byte 0): a number must not begin with 0"),
    ("1.", "line 1, column 3 (byte 2): expected a digit, found the end of the text"),
    ("1e999", "line 1, column 1 (byte 0): the number 1e999 is out of range"),
    ("\"ab", "line 1, column 4 (byte 3): expected '\"' at the end of a string, found the end of the text"),
    (
      "\"a\nb\"",
      "line 1, column 3 (byte 2): expected an escape in place of a control character, found byte 0x0a"
    ),
    (#""\x""#, "line 1, column 3 (byte 2): expected one of \" \\ / b f n r t u after '\\', found 'x'"),
    (#""a\ud800b""#, "line 1, column 3 (byte 2): half of a surrogate pair stands alone"),
    (#""\ud800\u0041""#, "line 1, column 2 (byte 1): half of a surrogate pair stands alone"),
    (#""\ud83d\ud83d""#, "line 1, column 2 (byte 1): half of a surrogate pair stands alone"),
    (#""\udbff\u0000""#, "line 1, column 2 (byte 1): half of a surrogate pair stands alone"),
    (#""\ud83d\ue000""#, "line 1, column 2 (byte 1): half of a surrogate pair stands alone"),
  ])
func refusals(text: String, message: String) {
  #expect(throws: JSONError.self) { try JSON(parsing: text) }
  do { _ = try JSON(parsing: text) } catch { #expect(error.description == message) }
}

@Test(
  "invalid UTF-8 is refused at the byte where it begins",
  arguments: [
    ([0x61, 0xFF], 2), ([0xC3, 0xA9, 0xC3], 3), ([0xED, 0xA0, 0x80], 1), ([0xC0, 0x80], 1),
    ([0xF0, 0x9F, 0x98], 1),
  ] as [([UInt8], Int)])
func invalidText(bytes: [UInt8], offset: Int) {
  let quoted = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
  let error = #expect(throws: JSONError.self) { try JSON(parsing: quoted) }
  #expect(error?.offset == offset)
}

@Test("nesting is limited")
func nesting() throws {
  let deepest = JSON.deepestNesting
  let allowed = String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest)
  _ = try JSON(parsing: allowed)
  #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 1_000_000)) }
}
