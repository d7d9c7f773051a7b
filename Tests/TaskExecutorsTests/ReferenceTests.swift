import Inspection
import JobModel
import OrderedJSON
import TaskExecutors
import Testing
import WorkerRuntime

@Suite struct ReferenceTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    for name in ["bolt/1.png", "bolt/2.png", "nut/1.png", "any.png"] {
      try folder.write(name, to: "refs/" + name)
    }
  }

  private func book(_ reference: JSON, count: Int? = nil) throws -> ReferenceBook {
    var members: [JSON.Member] = [
      .init("kind", "score"), .init("model", "/m"), .init("images", "/i"), .init("output", "/o"),
      .init("reference", reference),
    ]
    if let count { members.append(.init("reference_count", .integer(count))) }
    guard case .score(let settings) = try JobSpec(.object(members)).settings else {
      throw TaskError(.userError, "")
    }
    return try ReferenceBook(settings)
  }

  private func names(_ book: ReferenceBook, _ category: String?) -> [String] {
    book.references(of: category, promptProtocol: .mmad).map { String($0.dropFirst(folder.path.count + 6)) }
  }

  @Test func `a folder per class gives each class its own, others the common ones`() throws {
    let book = try book(.string(folder.path + "/refs"), count: 2)
    #expect(names(book, "bolt") == ["bolt/1.png", "bolt/2.png"])
    #expect(names(book, "nut") == ["nut/1.png"])
    #expect(names(book, nil) == ["any.png"])
    #expect(names(book, "washer") == ["any.png"])
  }

  @Test func `without a number a class shows as many as its protocol does`() throws {
    #expect(names(try book(.string(folder.path + "/refs")), "bolt") == ["bolt/1.png"])
  }

  @Test func `the class of an image is the first folder that has references`() throws {
    let book = try book(.string(folder.path + "/refs"))
    #expect(book.category(of: "night/nut/bolt/7.png") == "nut")
    #expect(book.category(of: "night/nut.png") == nil)
  }

  @Test func `several pictures are all shown, and a table names them by class`() throws {
    let several = try book(.array(["bolt/1.png", "nut/1.png"].map { .string(folder.path + "/refs/" + $0) }))
    #expect(names(several, nil) == ["bolt/1.png", "nut/1.png"])
    let table = try folder.write("class,path\nbolt,nut/1.png\n*,any.png\n", to: "refs/refs.csv")
    let byTable = try book(.string(table))
    #expect(names(byTable, "bolt") == ["nut/1.png"])
    #expect(names(byTable, nil) == ["any.png"])
  }

  @Test func `a reference that is not there is named before any work`() throws {
    let error = #expect(throws: TaskError.self) { try book(.string(folder.path + "/gone.png")) }
    #expect(error?.description.contains("gone.png") == true)
    let table = try folder.write("class,path\nbolt,gone.png\n", to: "refs.csv")
    #expect(throws: TaskError.self) { try book(.string(table)) }
  }
}
