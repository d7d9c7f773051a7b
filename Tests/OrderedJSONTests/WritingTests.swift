import OrderedJSON
import Testing

@Test("what is written reads back as the same value")
func roundTrip() throws {
  let value: JSON = [
    "text": "quote \" backslash \\ line\nbell\u{7} é 😀 /", "numbers": [0, -1, 0.1, 1e-300, 1e22, -2.5],
    "nothing": nil, "empty": [:], "list": [], "yes": true,
  ]
  #expect(try JSON(parsing: value.serialized()) == value)
  #expect(try JSON(parsing: value.serialized(pretty: true)) == value)
}

@Test("the compact and the indented form")
func forms() {
  let value: JSON = ["a": [1, 2.5], "b": [:], "c": ["\u{1}\t"]]
  #expect(value.serialized() == #"{"a":[1,2.5],"b":{},"c":["\u0001\t"]}"#)
  #expect((["a": [1]] as JSON).serialized(pretty: true) == "{\n  \"a\": [\n    1\n  ]\n}")
}

@Test("single-precision numbers have their own shortest digits")
func singlePrecision() {
  #expect(JSON(Float(0.1)).serialized() == "0.1")
  #expect(!JSON(Float.nan).isSerializable)
  #expect(!JSON.array([.number(.infinity)]).isSerializable)
}

@Test("a member is replaced where it stands or added at the end")
func setting() {
  let value: JSON = ["a": 1, "b": 2]
  #expect(value.setting("a", to: 3).setting("c", to: 4) == ["a": 3, "b": 2, "c": 4])
}
