import JobModel
import PostgresClient
import Synchronization

/// What running out of memory has taught about models (`Session.noteMemoryFailure`), kept for some seconds, as most
/// submissions name a model of which there is nothing to know. What another coordinator learns meanwhile a job that is
/// submitted here learns for itself.
final class KnownLessons: Sendable {
  struct Lesson: Sendable {
    let device: String
    let kind: String
    let failures: Int
  }

  /// By the bytes of the model's path, as the database compares them.
  typealias Lessons = [Model: [Lesson]]

  struct Model: Hashable {
    let path: String

    static func == (a: Model, b: Model) -> Bool { a.path.utf8.elementsEqual(b.path.utf8) }
    func hash(into hasher: inout Hasher) { for byte in path.utf8 { hasher.combine(byte) } }
  }

  private struct State {
    var lessons: Lessons = [:]
    var since = ContinuousClock.now
    /// How often something was learnt.
    var generation = 0

    mutating func clear() {
      lessons = [:]
      since = .now
    }
  }

  private static let memory = Duration.seconds(10)
  private static let most = 1_024
  private let state = Mutex(State())

  /// What is known of models, and for `add`, when.
  func known(of models: some Sequence<Model>) -> (lessons: Lessons, generation: Int) {
    state.withLock { state in
      if .now - state.since > Self.memory { state.clear() }
      var lessons: Lessons = [:]
      for model in models { lessons[model] = state.lessons[model] }
      return (lessons, state.generation)
    }
  }

  /// - Parameter generation: nothing is added when something was learnt since `known` gave it.
  func add(_ new: Lessons, _ generation: Int) {
    state.withLock { state in
      guard state.generation == generation else { return }
      if state.lessons.count + new.count > Self.most { state.clear() }
      state.lessons.merge(new) { _, latest in latest }
    }
  }

  /// Something was learnt.
  func forget() {
    state.withLock { state in
      state.clear()
      state.generation += 1
    }
  }
}

extension Session {
  /// How often what jobs work on at once is to be halved from the beginning, each with its model, the kind of its device
  /// and its own kind. (Primary key of memory_lessons.)
  func lessons(of specs: [JobSpec], _ known: KnownLessons) throws -> [Int] {
    let models = Set(specs.map { KnownLessons.Model(path: $0.settings.model) })
    var (lessons, generation) = known.known(of: models)
    let unknown = models.filter { lessons[$0] == nil }
    if !unknown.isEmpty {
      let rows = try execute(
        """
        SELECT checkpoint, device, kind, failures FROM memory_lessons
        WHERE checkpoint = ANY($1::text[]) AND learnt_at > now() - interval '30 days'
        """, unknown.map(\.path))
      var found: KnownLessons.Lessons = [:]
      for model in unknown { found[model] = [] }
      for index in 0..<rows.count {
        let row = rows[index]
        found[KnownLessons.Model(path: try row.get("checkpoint")), default: []].append(
          KnownLessons.Lesson(
            device: try row.get("device"), kind: try row.get("kind"), failures: try row.get("failures")))
      }
      known.add(found, generation)
      lessons.merge(found) { _, latest in latest }
    }
    return specs.map { spec in
      lessons[KnownLessons.Model(path: spec.settings.model)]?.first {
        $0.device == spec.resources.kind.rawValue && $0.kind == spec.kind.rawValue
      }?.failures ?? 0
    }
  }
}
