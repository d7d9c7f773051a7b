import FoundationEssentials
import Testing

/// The directions in which the targets may depend on each other, checked on the sources' own imports.
struct LayoutTests {
  /// What each target may import of this package; what is not listed here does not exist.
  private static let allowed: [String: Set<String>] = [
    "OrderedJSON": [],
    "Digests": ["COpenSSL"],
    "Randomness": [],
    "JobModel": ["OrderedJSON"],
    "Scheduling": ["JobModel", "Randomness"],
    "PostgresClient": ["CPostgres"],
    "LocalPostgres": ["CPlatform", "Digests", "PostgresClient"],
    "JobStore": ["JobModel", "Scheduling", "OrderedJSON", "PostgresClient", "CAssets", "Digests"],
    "Coordinator": ["JobModel", "JobStore", "OrderedJSON", "PostgresClient", "CAssets", "HTTPClient"],
    "HTTPClient": ["CCurl"],
    "CoordinatorClient": ["JobModel", "OrderedJSON", "HTTPClient"],
    "WorkerRuntime": ["JobModel", "OrderedJSON", "CoordinatorClient"],
    "Tensors": ["CCUDA", "CKernels", "COpenBLAS", "Digests", "OrderedJSON"],
    "Images": ["CImageCodecs"],
    "ModelFiles": ["OrderedJSON"],
    "QwenVL": ["Tensors", "Images", "ModelFiles", "OrderedJSON", "Digests", "Randomness"],
    "SAM2": ["Tensors", "Images", "ModelFiles"],
    "Inspection": ["Images", "OrderedJSON", "Digests", "Randomness"],
    "PostTraining": ["Tensors", "QwenVL", "CMPI", "Randomness"],
    "Checkpoints": ["Tensors", "CZstd", "OrderedJSON", "Digests"],
    "BaseModel": ["Images", "Inspection", "ModelFiles", "OrderedJSON", "PostTraining", "QwenVL", "Tensors"],
    "DeviceChecks": ["PostTraining", "QwenVL", "Tensors"],
    "TaskExecutors": [
      "JobModel", "WorkerRuntime", "QwenVL", "SAM2", "Inspection", "PostTraining", "Checkpoints",
      "OrderedJSON", "Images", "Tensors", "CPlatform", "Digests",
    ],
  ]
  private static let cTargets: Set<String> = [
    "CPostgres", "COpenBLAS", "CZstd", "COpenSSL", "CCurl", "CImageCodecs", "CPlatform", "CKernels",
    "CAssets", "CMPI",
    "CCUDA",
  ]

  @Test("Targets import only what lies below them", arguments: allowed.keys.sorted())
  func directions(target: String) throws {
    let own = Set(Self.allowed.keys).union(Self.cTargets)
    let permitted = try #require(Self.allowed[target])
    for (file, module) in try imports(of: target) where own.contains(module) && module != target {
      #expect(permitted.contains(module), "\(file) imports \(module)")
    }
  }

  @Test("Only the coordinator imports the HTTP server, only the database targets import libpq")
  func boundaries() throws {
    for target in Self.allowed.keys {
      for (file, module) in try imports(of: target) {
        if module == "Hummingbird" { #expect(target == "Coordinator", "\(file)") }
        if module == "CPostgres" { #expect(target == "PostgresClient", "\(file)") }
        if module == "CMPI" { #expect(target == "PostTraining", "\(file)") }
        if module == "CCUDA" { #expect(target == "Tensors", "\(file)") }
        if module == "COpenSSL" { #expect(target == "Digests", "\(file)") }
        if module == "COpenBLAS" { #expect(target == "Tensors", "\(file)") }
      }
    }
  }

  @Test("Every folder in Sources is a target of this list")
  func complete() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Repository.root + "/Sources")
      .filter { !$0.hasPrefix(".") }
    #expect(Set(folders) == Set(Self.allowed.keys).union(Self.cTargets))
  }

  /// (file, module) of every import in a target.
  private func imports(of target: String) throws -> [(file: String, module: String)] {
    let folder = Repository.root + "/Sources/" + target
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
    return files.flatMap { file in
      Program.text(folder + "/" + file).split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index < words.count - 1,
          words[..<index].allSatisfy({
            ["public", "package", "internal", "private", "@preconcurrency"].contains($0)
          })
        else { return nil }
        return (file, String(words[index + 1].split(separator: ".")[0]))
      }
    }
  }
}
