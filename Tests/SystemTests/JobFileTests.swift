import FoundationEssentials
import LocalPostgres
import OrderedJSON
import Testing

/// Job files with the mistakes that people make: what is said, and what has happened by then.
@Suite(.timeLimit(.minutes(2)))
struct JobFileTests {
  private let scratch: Scratch
  private let program: Program

  init() throws {
    scratch = try Scratch()
    program = Program(path: Program.built, folder: scratch.path)
  }

  /// The error of a file that is refused before anything is asked of a coordinator.
  private func refusal(_ text: String) async throws -> String {
    let file = try scratch.write(text, to: "job.yaml")
    let run = try await program.run(["submit", file, "--dry-run"])
    #expect(run.code == 1 && run.output.isEmpty, "\(run.output)")
    return run.error
  }

  @Test(
    "A mistake in YAML costs a message that names the line and the cure",
    arguments: [
      ("kind: eval\nresources:\n\tgpu: 1\n", 3, "indent with blanks, not with tabs"),
      ("kind:eval\nmodel: m\n", 2, "the line before it too: a key, ':', a blank and the value"),
      ("kind: eval\nname: line 7: night\n", 2, "a text with ': ' in it needs quotes"),
      ("kind: eval\ncron: * 22 * * *\n", 2, "a text that begins with '*' or '&' needs quotes"),
      ("kind: eval\nname: @night\n", 2, "a text that begins with '@' needs quotes"),
      ("kind: eval\nname: 'night\nmodel: m\n", 4, "the quote that opens in line 2 is not closed"),
      ("kind: train\nquestion_types: [Anomaly Detection\nmodel: m\n", 3, "bracket that opens in line 2"),
      ("kind: eval\nmodel: m\nseed: 1\nseed: 2\n", 3, "the key 'seed' is there twice or more"),
      ("kind: eval\n---\nkind: eval\n", 2, "several in a list under the one key 'jobs'"),
    ])
  func mistakes(text: String, line: Int, cure: String) async throws {
    let error = try await refusal(text)
    #expect(error.contains("job.yaml, line \(line): ") && error.contains(cure), "\(error)")
  }

  @Test("Of a file of several jobs the one with the mistake is named, and so is a list that is none")
  func chains() async throws {
    let good = "  - {name: tune, kind: eval, model: m, data: d, output: o}\n"
    let wrong = try await refusal(
      "jobs:\n" + good + "  - {name: measure, kind: eval, modle: m, data: d, output: p}\n")
    #expect(wrong.contains("job 2 of the file (measure): the job is not valid"), "\(wrong)")
    #expect(try await refusal("jobs:\n" + good + "  - measure\n").contains("job 2 of the file: "))
    #expect(try await refusal("jobs: {kind: eval}\n").contains("'jobs' is a list"))
    #expect(try await refusal("seed: 1\njobs:\n" + good).contains("beside 'jobs' there is 'seed'"))
  }

  @Test("A byte order mark before the first key is no part of it")
  func byteOrderMark() async throws {
    let file = try scratch.write(
      "\u{FEFF}kind: score\nmodel: m\nimages: i\noutput: o\nafter: 1\n", to: "job.yaml")
    let run = try await program.run(["submit", file, "--dry-run"])
    #expect(run.code == 0, "\(run.error)")
  }

  @Test("A job that comes through a pipe is read, its relative paths from the folder of whoever submits it")
  func pipe() async throws {
    let model = scratch.path + "/model"
    let shell = Program(path: "/bin/sh", folder: scratch.path)
    let run = try await shell.run([
      "-c", #"printf 'kind: eval\nmodel: model\ndata: d\noutput: o\n' | "$0" submit /dev/stdin --dry-run"#,
      Program.built,
    ])
    #expect(run.code == 1 && run.error.contains("\(model) does not exist"), "\(run.error)")
    let missing = try await program.run(["submit", "nowhere.yaml"])
    #expect(missing.error.contains("nowhere.yaml cannot be read: No such file"), "\(missing.error)")
  }

  @Test("When a later job of a file is refused, those before it that are submitted are named")
  func halfSubmitted() async throws {
    let queue = try await AttendedQueue.start(scratch, program)
    let file = try scratch.write(
      "jobs:\n"
        + ["a", "b"].map {
          "  - {name: \($0), kind: eval, model: m, data: d, output: \($0), unique: night}\n"
        }.joined(), to: "jobs.yaml")
    let run = try await queue.run(["submit", file])
    let jobs = try await queue.document(["jobs"])["jobs"]?.array ?? []
    let first = try #require(jobs.first?["id"]?.int)
    #expect(jobs.count == 1 && run.code == 1)
    #expect(
      run.error.contains("job 2 of the file (b): ") && run.error.contains("ar1 cancel \(first)"),
      "\(run.error)")
    try await queue.stop()
  }

  @Test("Who waits for a job and loses the coordinator gets the exit code of 'ar1 wait' and the job's number")
  func lostCoordinator() async throws {
    let queue = try await AttendedQueue.start(scratch, program)
    let (output, error) = (scratch.path + "/wait.out", scratch.path + "/wait.err")
    let waiting = try program.start(
      ["eval", "--model", "m", "--data", "d", "--output", "o", "--wait"] + queue.connection, output: output,
      error: error)
    while !Program.text(error).contains("queued") { try await Task.sleep(for: .milliseconds(20)) }
    try await queue.crash()
    #expect(await waiting.waitForExit() == .code(3))
    #expect(Program.text(error).contains("ar1 wait 1"), "\(Program.text(error))")
  }
}
