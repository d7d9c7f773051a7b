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

  private struct State {
    var lessons: [String: [Lesson]] = [:]
    var since = ContinuousClock.now
  }

  private static let memory = Duration.seconds(10)
  private static let most = 1_024
  private let state = Mutex(State())

  /// What is known of a model; nil when that has to be looked up.
  subscript(model: String) -> [Lesson]? {
    state.withLock { state in
      if .now - state.since > Self.memory { state = State() }
      return state.lessons[model]
    }
  }

  func add(_ new: [String: [Lesson]]) {
    state.withLock { state in
      if state.lessons.count + new.count > Self.most { state = State() }
      state.lessons.merge(new) { _, latest in latest }
    }
  }

  /// Something was learnt.
  func forget() { state.withLock { $0 = State() } }
}

extension Session {
  /// How often what jobs work on at once is to be halved from the beginning, each with its model, the kind of its device
  /// and its own kind. (Primary key of memory_lessons.)
  func lessons(of specs: [JobSpec], _ known: KnownLessons) throws -> [Int] {
    let unknown = Set(specs.map(\.settings.model)).filter { known[$0] == nil }
    if !unknown.isEmpty {
      let rows = try execute(
        """
        SELECT checkpoint, device, kind, failures FROM memory_lessons
        WHERE checkpoint = ANY($1::text[]) AND learnt_at > now() - interval '30 days'
        """, unknown.sorted())
      var found = Dictionary(uniqueKeysWithValues: unknown.map { ($0, [KnownLessons.Lesson]()) })
      for index in 0..<rows.count {
        let row = rows[index]
        found[try row.get("checkpoint"), default: []].append(
          KnownLessons.Lesson(
            device: try row.get("device"), kind: try row.get("kind"), failures: try row.get("failures")))
      }
      known.add(found)
    }
    return specs.map { spec in
      known[spec.settings.model]?.first {
        $0.device == spec.resources.kind.rawValue && $0.kind == spec.kind.rawValue
      }?.failures ?? 0
    }
  }
}
