package import Inspection
package import OrderedJSON

/// What the pictures of an evaluation hold: the shards, which have read them anyway, hash each, and the report names
/// them all by one hash. Names alone would call two copies the same of which one was cut or compressed anew.
package enum PictureHashes {
  private static let key = "picture_sha256"

  /// The records as lines of a shard, each with the hash of its picture.
  /// - Parameter paths: where the pictures lie, by name.
  package static func lines(of records: [AnswerRecord], paths: [String: String]) throws -> [JSON] {
    var known: [String: String] = [:]
    return try records.map { record in
      let json = AnswersFile.json(record)
      guard let path = paths[record.image] else { return json }
      let hash = try known[record.image] ?? ModelIdentity.hash(file: path)
      known[record.image] = hash
      return json.setting(key, to: .string(hash))
    }
  }

  /// One hash of names and contents of the pictures that were asked about, in their order; nil where a shard of an
  /// earlier version did not say.
  package static func identity(of lines: [JSON]) -> String? {
    var seen: Set<String> = []
    var pictures: [String] = []
    for line in lines {
      guard let name = line["image"]?.string, let hash = line[key]?.string else { return nil }
      if seen.insert(name).inserted { pictures.append("\(name) \(hash)") }
    }
    return ModelIdentity.hash(lines: pictures)
  }
}
