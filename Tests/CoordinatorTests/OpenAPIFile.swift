import Coordinator
import OrderedJSON

/// The API's description as tests need it: its operations, and values checked against its schemas.
struct OpenAPIFile {
  struct Operation {
    let method: String
    let path: String
    /// nil needs no token, "any" takes every token.
    let scope: String?
    let requestSchema: JSON?
    let responseSchema: JSON?
    let isStream: Bool
    /// What the query must have, with an example.
    let query: [(name: String, value: String)]

    var name: String { "\(method) \(path)" }

    /// The path with numbers in place of names, and the query it must have.
    func filled(_ numbers: [String: Int64], otherwise: Int64 = 999_999) -> String {
      let path = path.split(separator: "/").map { part in
        guard part.hasPrefix("{") else { return "/" + part }
        return "/\(numbers[String(part.dropFirst().dropLast())] ?? otherwise)"
      }.joined()
      return query.isEmpty
        ? (path.isEmpty ? "/" : path)
        : path + "?" + query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }
  }

  let operations: [Operation]
  private let schemas: JSON

  init() throws {
    let document = try JSON(parsing: Coordinator.apiDescription)
    schemas = document["components"]?["schemas"] ?? .null
    operations = (document["paths"]?.members ?? []).flatMap { path in
      (path.value.members ?? []).map { method in
        let content = method.value["responses"]?.members?.first { $0.key.hasPrefix("2") }?.value["content"]
        return Operation(
          method: method.key.uppercased(), path: path.key, scope: method.value["x-scope"]?.string,
          requestSchema: method.value["requestBody"]?["content"]?["application/json"]?["schema"],
          responseSchema: content?["application/json"]?["schema"],
          isStream: content?["text/event-stream"] != nil,
          query: (method.value["parameters"]?.array ?? []).compactMap { parameter in
            guard parameter["in"]?.string == "query", let name = parameter["name"]?.string,
              let example = parameter["example"]?.string
            else { return nil }
            return (name, example)
          })
      }
    }
  }

  private func resolved(_ schema: JSON) -> JSON {
    guard let reference = schema["$ref"]?.string, let name = reference.split(separator: "/").last else {
      return schema
    }
    return schemas[String(name)] ?? .null
  }

  /// What is wrong with a value, each with its place.
  func problems(of value: JSON, as schema: JSON, at place: String = "body") -> [String] {
    let schema = resolved(schema)
    if schema == .null { return ["\(place): its schema does not exist"] }
    if let names = schema["enum"]?.array, !names.contains(value) {
      return ["\(place): \(value.serialized()) is none of \(names.map { $0.serialized() })"]
    }
    switch schema["type"]?.string {
    case "object":
      guard let members = value.members else { return ["\(place): no object"] }
      let known = schema["properties"]?.members ?? []
      var problems = (schema["required"]?.array ?? []).compactMap(\.string).filter { value[$0] == nil }
        .map { "\(place): lacks \($0)" }
      for member in members {
        if let property = known.first(where: { $0.key == member.key }) {
          problems += self.problems(of: member.value, as: property.value, at: "\(place).\(member.key)")
        } else if case .object = schema["additionalProperties"] ?? .null {
          problems += self.problems(
            of: member.value, as: schema["additionalProperties"] ?? .null, at: "\(place).\(member.key)")
        } else if schema["additionalProperties"] == .bool(false) {
          problems.append("\(place): \(member.key) is not described")
        }
      }
      return problems
    case "array":
      guard let values = value.array else { return ["\(place): no array"] }
      return values.enumerated().flatMap { index, element in
        problems(of: element, as: schema["items"] ?? .null, at: "\(place)[\(index)]")
      }
    case "string": return value.string == nil ? ["\(place): no text"] : []
    case "integer": return value.int == nil ? ["\(place): no whole number"] : []
    case "number": return value.double == nil ? ["\(place): no number"] : []
    case "boolean":
      if case .bool = value { return [] }
      return ["\(place): neither true nor false"]
    default: return []
    }
  }

  /// A value with every required key and nothing else; numbers are such that they name nothing.
  func smallest(_ schema: JSON) -> JSON {
    let schema = resolved(schema)
    if let first = schema["enum"]?.array?.first { return first }
    switch schema["type"]?.string {
    case "object":
      let required = (schema["required"]?.array ?? []).compactMap(\.string)
      return .object(
        required.map { key in JSON.Member(key, smallest(schema["properties"]?[key] ?? .null)) })
    case "array": return .array([])
    case "string": return "log"
    case "integer": return .integer(999_999)
    case "number": return .integer(1)
    case "boolean": return .bool(true)
    default: return .object([])
    }
  }

  /// The keys a body must have.
  func requiredKeys(_ schema: JSON) -> [String] {
    (resolved(schema)["required"]?.array ?? []).compactMap(\.string)
  }
}
