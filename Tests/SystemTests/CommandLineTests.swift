import FoundationEssentials
import LocalPostgres
import OrderedJSON
import Testing

/// What people type and read: that options do what they say, and that nothing goes wrong without a word.
@Suite(.timeLimit(.minutes(2)))
struct CommandLineTests {
  private let scratch: Scratch
  private let program: Program
  private let model = Repository.root + "/models/demo-base"

  init() throws {
    scratch = try Scratch()
    program = Program(path: Program.built, folder: scratch.path)
  }

  @Test("Lists are as long as asked for, priorities may be below 0, and names that are wrong are refused")
  func queue() async throws {
    let queue = try await AttendedQueue.start(as: "admin", scratch, program)
    func run(_ arguments: String...) async throws -> Program.Run { try await queue.run(arguments) }

    for priority in ["-5", "7", "-50"] {
      let made = try await run(
        "eval", "--model", "m", "--data", "d", "--output", "o", "--priority", priority, "--json")
      #expect(try made.document()["spec"]?["priority"]?.int == Int(priority), "\(made.error)")
    }
    let listed = try await run("jobs", "--limit", "2", "--json")
    #expect(try listed.document()["jobs"]?.array?.compactMap { $0["id"]?.int } == [3, 2], "\(listed.error)")
    for (arguments, sentence) in [
      (["2", "-50"], "job 2 has priority -50"), (["2", "5", "--reason", "x"], "job 2 has priority 5"),
      (["--reason", "x", "2", "-7"], "job 2 has priority -7"),
    ] {
      let changed = try await queue.run(["priority"] + arguments)
      #expect(changed.output == sentence + "\n", "\(changed.error)")
    }
    for wrong in [["2"], ["2", "5", "6"], ["2", "--raeson", "5"]] {
      let refused = try await queue.run(["priority"] + wrong)
      #expect(refused.code != 0 && !refused.error.isEmpty)
    }

    // A job that was paused and then cancelled goes on when it is told to once.
    for command in ["pause", "cancel", "resume"] { _ = try await run(command, "1") }
    let resumed = try await run("show", "1", "--json").document()
    #expect(
      resumed["job"]?["state"]?.string == "queued" && resumed["job"]?["paused_at"]?.string == nil,
      "\(resumed)")

    for arguments in [
      ["events", "--kind", "job-faild"], ["events", "-f", "--kind", "job-faild"],
      ["audit", "--kind", "job-faild"],
      ["webhook", "add", "https://a.example/", "--kinds", "job-succeeded,job-faild"],
    ] {
      let refused = try await queue.run(arguments)
      #expect(refused.code != 0 && refused.error.contains("did you mean 'job-failed'?"), "\(refused.error)")
      #expect(refused.output.isEmpty)
    }

    // A proxy for the world outside has nothing to say about this machine; a line break behind a token is none of it.
    for environment in [
      ["http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"],
      ["AR1_TOKEN": Program.text(queue.tokenFile) + "\n", "AR1_URL": queue.url],
    ] {
      let listed = try await program.run(
        ["jobs"] + (environment["AR1_URL"] == nil ? queue.connection : []), environment: environment)
      #expect(listed.code == 0, "\(listed.error)")
    }

    for endless in ["nan", "inf", "1e300"] {
      let wait = try await run("wait", "1", "--timeout", endless)
      #expect(wait.code == 64 && wait.error.contains("--timeout is 0 to"), "\(wait.code) \(wait.error)")
      let top = try await run("top", "--every", endless)
      #expect(top.code == 64, "\(top.code) \(top.error)")
    }

    let lab = try await run("lab", "create", "A b")
    #expect(lab.code == 0 && lab.output.contains("--lab 'A b'"), "\(lab.output)\(lab.error)")
    let again = try await run("lab", "create", "A b")
    #expect(again.code == 1 && again.output.isEmpty && again.error.contains("already"), "\(again.error)")
    #expect(try await run("lab", "create", "C", "--json").document()["name"] == "C")
    let hook = try await run("webhook", "add", "https://a.example/", "--json").document()["id"]?.int
    let ended = try await run("webhook", "rm", "\(hook ?? 0)", "--json").document()
    #expect(ended["webhook"]?.int == hook && ended["removed"] == true)
    let token = try await run("token", "create", "--user", "eve", "--role", "member", "--json").document()[
      "id"]
    let revoked = try await run("token", "revoke", "\(token?.int ?? 0)", "--json").document()
    #expect(revoked["token"] == token && revoked["revoked"] == true)
    let unknown = try await run("events", "--job", "99")
    #expect(unknown.code != 0 && unknown.error.contains("99"), "\(unknown.error)")
    let user = try await run("user", "add", "Ada L", "--lab", "A b")
    #expect(user.output.contains("--user 'Ada L' --role member --lab 'A b'"), "\(user.output)\(user.error)")
    // What is not given has gone back to its default, and the sentence says so.
    for (arguments, sentence) in [
      (["--nominal", "16", "--borrow", "8"], "nominal 16, borrows 8"),
      (["--weight", "3"], "weight 3, nominal 0, borrows anything, lends all"),
    ] {
      let quota = try await queue.run(["quota", "set", "A b"] + arguments)
      #expect(quota.output.contains(sentence), "\(quota.output)\(quota.error)")
    }
    try await queue.stop()
  }

  @Test("Output that cannot be written, as on a full disk, is told of, and the command fails")
  func unwritableOutput() async throws {
    // Standard output that is open for reading alone takes nothing.
    let shell = Program(path: "/bin/sh", folder: scratch.path)
    for json in [[], ["--json"]] {
      let run = try await shell.run(
        [
          "-c", #"exec "$0" "$@" 1< /dev/null"#, Program.built, "model", "tokenize", model, "--text",
          "a defect",
        ]
          + json)
      #expect(run.code == 1 && run.error.contains("standard output: Bad file descriptor"), "\(run.error)")
    }
  }

  @Test("No file or connection of a process without standard streams gets what is meant to be read")
  func missingStreams() async throws {
    let token = try scratch.write("secret", to: "token")
    let name = "/" + (Program.built.split(separator: "/").last ?? "")
    let worker = try Program(path: "/bin/sh", folder: scratch.path).start(
      [
        "-c", #"exec "$0" "$@" 0<&- 1>&- 2>&-"#, Program.built, "worker", "--url", "http://127.0.0.1:1",
        "--token-file", token,
      ], output: "/dev/null", error: "/dev/null")
    func place(_ name: String) -> String? {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(worker.id)/\(name)")
    }
    // It waits for its coordinator, with a connection to make.
    while place("exe")?.hasSuffix(name) != true
      || (0..<16).allSatisfy({ place("fd/\($0)")?.hasPrefix("socket") != true })
    { try await Task.sleep(for: .milliseconds(20)) }
    for stream in 0...2 { #expect(place("fd/\(stream)") == "/dev/null") }
    worker.signal(15)
    _ = await worker.waitForExit()
  }

  @Test("A dry run names a model or data that are not there, unless another job may make them")
  func dryRun() async throws {
    let data = try await program.run([
      "data", "generate", "--output", "data", "--seed", "5", "--training", "4", "--held-out", "1", "--inbox",
      "2",
    ])
    try #require(data.code == 0, "\(data.error)")
    let eval = ["eval", "--output", "out", "--dry-run"]
    let score = ["score", "--output", "out", "--dry-run"]
    for (arguments, missing) in [
      (eval + ["--model", "nope", "--data", "data/heldout"], "nope"),
      (eval + ["--model", model, "--data", "nothing"], "nothing"),
      (score + ["data/inbox", "--model", "nope"], "nope"),
      (score + ["nothing", "--model", model], "nothing"),
    ] {
      let refused = try await program.run(arguments)
      #expect(refused.code == 1 && refused.error.contains(missing), "\(arguments): \(refused.error)")
    }
    for arguments in [
      eval + ["--model", model, "--data", "data/heldout"], score + ["data/inbox", "--model", model],
      eval + ["--model", "nope", "--data", "nothing", "--set", "after=3"],
    ] {
      let valid = try await program.run(arguments)
      #expect(valid.code == 0 && valid.error.isEmpty, "\(arguments): \(valid.error)")
    }
    // Several jobs are one document too.
    let jobs = ["name: one", "name: two, after: one"].map {
      "  - {\($0), kind: eval, model: \(model), data: data/heldout, output: out}\n"
    }
    let chain = try await program.document([
      "submit", try scratch.write("jobs:\n" + jobs.joined(), to: "chain.yaml"), "--dry-run",
    ])
    #expect(chain["jobs"]?.array?.map { $0["valid"]?.bool } == [true, true], "\(chain)")
  }

  @Test("Results of another job that a job will replace are named before, and nothing is refused")
  func earlierResults() async throws {
    try FileManager.default.createDirectory(atPath: scratch.path + "/out", withIntermediateDirectories: true)
    _ = try scratch.write("[]", to: "out/answers.json")
    _ = try scratch.write("", to: "out/report.html")
    let later = ["--model", "m", "--output", "out", "--set", "after=3", "--dry-run", "--json"]
    for (arguments, lost) in [
      (
        ["eval", "--data", "d"],
        "out holds answers.json of an earlier evaluation, which this job will replace"
      ),
      (["score", "images"], "whose report.html this job will replace"),
    ] {
      let run = try await program.run(arguments + later)
      #expect(run.code == 0 && run.error.contains(lost), "\(run.error)")
      #expect(try run.document()["valid"]?.bool == true)
    }
    let elsewhere = try await program.run(["eval", "--data", "d"] + later + ["--set", "output=new"])
    #expect(elsewhere.code == 0 && elsewhere.error.isEmpty, "\(elsewhere.error)")
  }

  @Test("A damaged checkpoint has its row beside the healthy ones, and is told of in plain words")
  func damagedCheckpoint() async throws {
    let folder = scratch.path + "/runs/checkpoints/run-1"
    for (name, manifest) in [
      (
        "policy-000001-e1-0123456789abcdef",
        #"{"format":1,"kind":"policy","step":1,"codec":"zstd-planes4","payloadBytes":0,"tensors":[],"origin":{}}"#
      ), ("policy-000002-e1-0123456789abcdef", "{"),
    ] {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      for (file, text) in [("manifest.json", manifest), ("payload.zst", "")] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)/\(file)"))
      }
    }
    let run = try await program.run(["checkpoint", "ls", "runs"])
    let rows = run.output.split(separator: "\n")
    #expect(run.code == 0 && rows.count == 2, "\(run.error)")
    #expect(rows.last?.contains("damaged") == true && rows.first?.contains("damaged") == false)
    #expect(
      run.error.contains(
        "policy-000002-e1-0123456789abcdef/manifest.json is not a checkpoint manifest: it is no JSON"))
    #expect(!run.error.contains("DecodingError"))
    for command in [["show", "runs"], ["export", "runs", "--output", "model"]] {
      let training = try await program.run(["checkpoint"] + command)
      #expect(training.code == 1 && training.error.contains("'ar1 checkpoint ls'"), "\(training.error)")
    }
    let document = try await program.document(["checkpoint", "ls", "runs"])
    #expect(document.array?.map { $0["error"] != nil } == [false, true])
    // What the damaged one is built on is not known, so everything stays, and a person learns why.
    let cleared = try await program.run(["checkpoint", "gc", "runs", "--keep", "1"])
    #expect(cleared.code == 1 && cleared.output.isEmpty, "\(cleared.output)")
    #expect(cleared.error.contains("policy-000002-e1-0123456789abcdef/manifest.json"), "\(cleared.error)")
    #expect(FileManager.default.fileExists(atPath: "\(folder)/policy-000001-e1-0123456789abcdef"))
  }

  @Test("What a command finds out while it runs is an error of its own, not one of how it was typed")
  func exitCodes() async throws {
    _ = try scratch.write(#"{"step":1,"reward/mean":0.5}"#, to: "a.jsonl")
    for arguments in [
      ["plot", "a.jsonl", "--metric", "foo", "--output", "plot.svg"],
      ["plot", "nothing", "--output", "plot.svg"],
      ["checkpoint", "verify", "nope"],
    ] {
      let run = try await program.run(arguments)
      #expect(run.code == 1 && !run.error.contains("Usage:"), "\(arguments): \(run.error)")
    }
  }
}
