import Coordinator
import CoordinatorClient
import FoundationEssentials
import JobModel
import OrderedJSON
import Testing
import WorkerRuntime

/// Jobs read and write in their lab's folder and read the public one; nothing leads out.
@Suite struct ConfinementTests {
  /// A queue whose coordinator knows folders: `labs/lab`, `labs/another` and `public` below a temporary one.
  private func withFolders(_ body: (TestQueue, String) async throws -> Void) async throws {
    let root = FileManager.default.temporaryDirectory.path + "/ar1-roots-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: root) }
    for folder in ["labs/lab/d", "labs/lab/m", "labs/another/d", "public/m"] {
      try FileManager.default.createDirectory(
        atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
    }
    var configuration = TestQueue.brisk
    configuration.roots = PathRoots(labs: root + "/labs", shared: root + "/public")
    try await TestQueue.run(configuration: configuration) { queue in try await body(queue, root) }
  }

  private func job(model: String, data: String, output: String) throws -> SubmitRequest {
    SubmitRequest(
      spec: try JobSpec([
        "kind": "eval", "model": .string(model), "data": .string(data), "output": .string(output),
      ]))
  }

  @Test("paths of another lab, of the machine, and results for the public folder are refused at submission")
  func submission() async throws {
    try await withFolders { queue, root in
      let (mine, shared) = (root + "/labs/lab", root + "/public")
      _ = try await queue.member.submit(job(model: shared + "/m", data: mine + "/d", output: mine + "/o"))
      for (model, data, output, key) in [
        ("/etc", mine, mine, "model"), (mine, root + "/labs/another/d", mine, "data"),
        (mine, mine, shared + "/o", "output"), (mine, mine, root + "/labs/lab2", "output"),
        (mine, root + "/labs", mine, "data"), (mine, mine + "/../another/d", mine, "data"),
        (mine, mine, "/", "output"),
      ] {
        let error = await refused(.invalid) {
          _ = try await queue.member.submit(job(model: model, data: data, output: output))
        }
        #expect(error?.message.contains("\(key): ") == true, "\(model) \(data) \(output)")
        #expect(error?.message.contains("lies outside") == true)
      }
      let other = try await queue.token(.member, lab: "another")
      await refused(.invalid) {
        _ = try await other.submit(job(model: shared + "/m", data: mine + "/d", output: mine + "/o"))
      }
    }
  }

  @Test("a link that leads out of the lab's folder fails the task before anything is read or written")
  func links() async throws {
    try await withFolders { queue, root in
      let mine = root + "/labs/lab"
      let manager = FileManager.default
      try manager.createDirectory(atPath: mine + "/deep/er", withIntermediateDirectories: true)
      try manager.createSymbolicLink(
        atPath: mine + "/deep/er/picture.png", withDestinationPath: root + "/labs/another/secret.png")
      try manager.createSymbolicLink(
        atPath: mine + "/elsewhere", withDestinationPath: root + "/labs/another")
      try manager.createDirectory(atPath: mine + "/leaky", withIntermediateDirectories: true)
      try manager.createSymbolicLink(
        atPath: mine + "/leaky/overlays", withDestinationPath: root + "/labs/another")
      try manager.createSymbolicLink(atPath: mine + "/circle", withDestinationPath: mine + "/circle")
      try manager.createSymbolicLink(atPath: mine + "/fine", withDestinationPath: root + "/public/m")
      let executor = GatedExecutor()
      try await queue.withWorker(executor) { _ in
        for (data, output, name) in [
          (mine + "/deep", mine + "/o", "/deep/er/picture.png"),
          (mine + "/elsewhere/d", mine + "/o", "/elsewhere/d"),
          (mine + "/d", mine + "/elsewhere/o", "output"), (mine + "/d", mine + "/leaky", "/leaky/overlays"),
        ] {
          let job = try await queue.member.submit(job(model: mine + "/fine", data: data, output: output))
          let ended = try await queue.end(of: job.id)
          #expect(ended.state == .failed && ended.failure?.failureClass == .userError)
          #expect(ended.failure?.message.contains(name) == true, "\(ended.failure?.message ?? "")")
        }
        #expect(executor.begun.isEmpty)
        let good = try await queue.member.submit(
          job(model: mine + "/fine", data: mine + "/d", output: mine + "/new/o"))
        try await queue.succeeds(good.id)
      }
    }
  }

  @Test("a file that a list in the lab's folder names elsewhere is refused where it really is")
  func listed() async throws {
    try await withFolders { _, root in
      let mine = root + "/labs/lab"
      let manager = FileManager.default
      let theirs = root + "/labs/another/d/a.png"
      _ = manager.createFile(atPath: theirs, contents: nil)
      _ = manager.createFile(atPath: mine + "/d/a.png", contents: nil)
      try manager.createSymbolicLink(atPath: mine + "/d/link.png", withDestinationPath: theirs)
      let task = ClaimedTask(
        id: 1, epoch: 1, job: 1, lab: 1, kind: .plan, stage: 0, ordinal: nil, attempt: 1, maxAttempts: 1,
        payload: .object([]), spec: try job(model: mine, data: mine, output: mine).spec,
        confinement: PathConfinement(lab: mine, shared: root + "/public"))
      for file in [mine + "/d/a.png", mine + "/d/missing.png", root + "/public/m"] {
        try ConfinedFiles.check(file, of: task)
      }
      for file in [theirs, mine + "/d/link.png", mine + "/../another/d/a.png", "/etc/passwd"] {
        let error = #expect(throws: TaskError.self) { try ConfinedFiles.check(file, of: task) }
        #expect(error?.description.contains("leads to") == true, "\(file)")
      }
    }
  }

  @Test("on a machine of one's own every path is allowed")
  func unconfined() async throws {
    try await TestQueue.run { queue in _ = try await queue.submit() }
  }
}
