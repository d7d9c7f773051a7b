import OrderedJSON

/// Typed access to the members of an object, with errors that name the member.
struct RequestFields {
  private let json: JSON
  private let path: String
  private let place: String

  /// - Parameter place: what leads to the object, as in `objective.`.
  init(_ json: JSON, path: String, place: String = "") {
    self.json = json
    self.path = path
    self.place = place
  }

  func count(_ key: String, atMost most: Int = .max) throws -> Int? {
    guard let value = present(key) else { return nil }
    guard let number = value.int, number >= 1 else { throw fault(key, "a whole number above 0", value) }
    guard number <= most else { throw fault(key, "at most \(most)", value) }
    return number
  }

  func number(_ key: String) throws -> Float? {
    guard let value = present(key) else { return nil }
    guard let number = value.double else { throw fault(key, "a number", value) }
    return Float(number)
  }

  func boolean(_ key: String) throws -> Bool? {
    guard let value = present(key) else { return nil }
    guard let truth = value.bool else { throw fault(key, "true or false", value) }
    return truth
  }

  func string(_ key: String) throws -> String? {
    guard let value = present(key) else { return nil }
    guard let text = value.string else { throw fault(key, "a text", value) }
    return text
  }

  func strings(_ key: String) throws -> [String] {
    guard let value = present(key) else { return [] }
    guard let texts = value.array?.map(\.string), !texts.contains(nil) else {
      throw fault(key, "a list of texts", value)
    }
    return texts.compactMap { $0 }
  }

  func integers(_ key: String) throws -> [Int]? {
    guard let value = present(key) else { return nil }
    guard let numbers = value.array?.map(\.int), !numbers.contains(nil) else {
      throw fault(key, "a list of whole numbers", value)
    }
    return numbers.compactMap { $0 }
  }

  func numbers(_ key: String) throws -> [Float]? {
    guard let value = present(key) else { return nil }
    guard let numbers = value.array?.map(\.double), !numbers.contains(nil) else {
      throw fault(key, "a list of numbers", value)
    }
    return numbers.compactMap { $0.map { Float($0) } }
  }

  private func present(_ key: String) -> JSON? {
    guard let value = json[key], !value.isNull else { return nil }
    return value
  }

  private func fault(_ key: String, _ expected: String, _ found: JSON) -> RequestError {
    let shown = found.serialized()
    let short = shown.count > 80 ? shown.prefix(77) + "…" : shown[...]
    return RequestError(path, "\"\(place)\(key)\" has to be \(expected), not \(short)")
  }
}
