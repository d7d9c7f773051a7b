package import OrderedJSON

/// Typed look-ups in one object of a configuration file; errors name the file and the whole key.
package struct SettingsReader {
  package let file: String
  /// The keys that lead to `values`, each followed by a dot.
  package let place: String
  package let values: JSON

  package init(file: String, place: String = "", values: JSON) throws(ModelFileError) {
    self.file = file
    self.place = place
    self.values = values
    guard values.members != nil else {
      let what = place.isEmpty ? "the file" : "\"\(place.dropLast())\""
      throw ModelFileError(file: file, problem: "\(what) must be an object, not \(values.kind)")
    }
  }

  package func failure(_ key: String, _ problem: String) -> ModelFileError {
    ModelFileError(file: file, problem: "\"\(place)\(key)\" \(problem)")
  }

  /// The value of a key; null counts as absent, as in the Python library that writes these files.
  package func value(_ key: String) -> JSON? {
    guard let value = values[key], !value.isNull else { return nil }
    return value
  }

  package func has(_ key: String) -> Bool { value(key) != nil }

  package func object(_ key: String) throws(ModelFileError) -> SettingsReader? {
    guard let value = value(key) else { return nil }
    return try SettingsReader(file: file, place: "\(place)\(key).", values: value)
  }

  package func whole(_ key: String, default absent: Int, atLeast least: Int = 1) throws(ModelFileError) -> Int
  {
    guard let value = value(key) else { return absent }
    return try whole(key, value, atLeast: least)
  }

  package func whole(_ key: String, _ value: JSON, atLeast least: Int) throws(ModelFileError) -> Int {
    guard let number = value.int, number >= least, number <= Int(Int32.max) else {
      throw failure(key, "must be a whole number of at least \(least), not \(value.serialized())")
    }
    return number
  }

  package func wholes(_ key: String, atLeast least: Int = 0) throws(ModelFileError) -> [Int]? {
    guard let value = value(key) else { return nil }
    guard let elements = value.array else {
      throw failure(key, "must be a list of whole numbers, not \(value.kind)")
    }
    var numbers: [Int] = []
    for element in elements { numbers.append(try whole(key, element, atLeast: least)) }
    return numbers
  }

  /// A number above zero.
  package func positive(_ key: String, default absent: Double) throws(ModelFileError) -> Double {
    guard let value = value(key) else { return absent }
    guard let number = value.double, number > 0 else {
      throw failure(key, "must be a number above 0, not \(value.serialized())")
    }
    return number
  }

  package func number(_ key: String) throws(ModelFileError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double else { throw failure(key, "must be a number, not \(value.kind)") }
    return number
  }

  /// Three numbers, one per colour.
  package func colours(_ key: String) throws(ModelFileError) -> [Double]? {
    guard let value = value(key) else { return nil }
    let numbers = (value.array ?? []).compactMap(\.double)
    guard numbers.count == 3, value.array?.count == 3 else {
      throw failure(key, "must be three numbers, one per colour, not \(value.serialized())")
    }
    return numbers
  }

  package func truth(_ key: String, default absent: Bool) throws(ModelFileError) -> Bool {
    guard let value = value(key) else { return absent }
    guard let truth = value.bool else { throw failure(key, "must be true or false, not \(value.kind)") }
    return truth
  }

  package func text(_ key: String) throws(ModelFileError) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.string else { throw failure(key, "must be a string, not \(value.kind)") }
    return text
  }
}
