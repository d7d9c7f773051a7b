import Synchronization

/// Runs calls that come while another is under way together, as one call: under load many share a transaction and its
/// flush. A call that comes alone runs at once, or lets those come first that ran with the last one; one that is
/// cancelled while it waits does not run. While a call takes long, as one does that waits for a lock, those that have come
/// meanwhile go on without it.
package final class CallMerger<Item: Sendable, Reply: Sendable>: Sendable {
  /// Gives a reply for each item, in their order.
  package typealias Body = @Sendable ([Item]) async throws -> [Reply]

  private struct Call {
    let number: Int
    let items: [Item]
    let weight: Int
    let continuation: CheckedContinuation<[Reply], any Error>
  }

  private struct State {
    var running = 0
    var waiting: [Call] = []
    var nextNumber = 0
    /// How many calls ran as one the last time.
    var lastMerged = 1
    /// Somebody looks whether those under way take long.
    var isWatched = false

    /// The calls that have waited longest.
    /// - Parameter beside: what another call weighs that they go with; without any the first one goes whatever it weighs.
    mutating func take(upTo most: Int, beside own: Int = 0) -> [Call] {
      var (count, weighs) = (0, own)
      while count < waiting.count, weighs == 0 || weighs + waiting[count].weight <= most {
        weighs += waiting[count].weight
        count += 1
      }
      defer { waiting.removeFirst(count) }
      return Array(waiting.prefix(count))
    }
  }

  private let mostAtOnce: Int
  private let patience: Duration
  private let enough: Int
  private let most: Int
  private let weight: @Sendable (Item) -> Int
  private let isOfOne: @Sendable (any Error) -> Bool
  private let state = Mutex(State())

  /// - Parameters:
  ///   - mostAtOnce: how many calls may be under way when the others take long.
  ///   - patience: how long calls wait for the one that is under way.
  ///   - enough: calls that weigh so much together run beside one that is under way.
  ///   - most: calls that weigh more together are not merged, but a single one may.
  ///   - weight: of an item.
  ///   - isOfOne: whether an error is the fault of one of the items; then each of the merged calls runs on its own.
  package init(
    mostAtOnce: Int, patience: Duration, enough: Int = .max, most: Int,
    weight: @escaping @Sendable (Item) -> Int = { _ in 1 },
    isOfOne: @escaping @Sendable (any Error) -> Bool
  ) {
    self.mostAtOnce = mostAtOnce
    self.patience = patience
    self.enough = enough
    self.most = most
    self.weight = weight
    self.isOfOne = isOfOne
  }

  /// - Parameter body: the same for every call.
  package func callAsFunction(_ items: [Item], _ body: @escaping Body) async throws -> [Reply] {
    let expected: Int? = state.withLock { state in
      guard state.running == 0 else { return nil }
      state.running = 1
      return state.lastMerged
    }
    if let expected {
      defer { goOn(body) }
      await gather(expected - 1)
      return try await runFirst(items, body)
    }
    let number = state.withLock { state in
      state.nextNumber += 1
      return state.nextNumber
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let call = Call(
          number: number, items: items, weight: items.reduce(0) { $0 + weight($1) },
          continuation: continuation)
        let turn: Turn = state.withLock { state in
          if Task.isCancelled { return .never }
          guard state.running > 0 else {
            state.running = 1
            return .now
          }
          state.waiting.append(call)
          if state.running < 2, state.waiting.reduce(0, { $0 + $1.weight }) >= enough {
            state.running += 1
            return .goOn
          }
          defer { state.isWatched = true }
          return state.isWatched ? .wait : .waitAndWatch
        }
        switch turn {
        case .now:
          Task {
            await run([call], body)
            goOn(body)
          }
        case .goOn: goOn(body)
        case .never: continuation.resume(throwing: CancellationError())
        case .wait: break
        case .waitAndWatch: Task { await watch(body) }
        }
      }
    } onCancel: {
      let call = state.withLock { state in
        state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
      }
      call?.continuation.resume(throwing: CancellationError())
    }
  }

  private enum Turn { case now, never, goOn, wait, waitAndWatch }

  /// Callers whose calls ran together come together again, one shortly after the other: those that are about to come are
  /// let come.
  private func gather(_ expected: Int) async {
    var looks = 0
    while looks < 2 * expected, waiting < expected {
      looks += 1
      await Task.yield()
    }
  }

  /// Runs a call that need not wait, with those that have come meanwhile.
  private func runFirst(_ items: [Item], _ body: @escaping Body) async throws -> [Reply] {
    try Task.checkCancellation()
    let others = next(beside: items.reduce(0) { $0 + weight($1) })
    // In the caller's own task, so that nobody has to be woken; but who cancels it shall not cancel others' calls.
    guard !others.isEmpty else { return try await body(items) }
    return try await Task {
      do {
        let replies = try await body(items + others.flatMap(\.items))
        answer(others, replies.dropFirst(items.count))
        return Array(replies.prefix(items.count))
      } catch let error where isOfOne(error) {
        for call in others { await run([call], body) }
        return try await body(items)
      } catch {
        for call in others { call.continuation.resume(throwing: error) }
        throw error
      }
    }.value
  }

  /// As long as calls wait, looks now and then whether those under way hold them up for too long.
  private func watch(_ body: @escaping Body) async {
    var first = state.withLock { $0.waiting.first?.number }
    while true {
      try? await Task.sleep(for: patience)
      let isHeldUp: Bool? = state.withLock { [first] state in
        guard let next = state.waiting.first?.number else {
          state.isWatched = false
          return nil
        }
        guard next == first, state.running < mostAtOnce else { return false }
        state.running += 1
        return true
      }
      guard let isHeldUp else { return }
      if isHeldUp { goOn(body) }
      first = state.withLock { $0.waiting.first?.number }
    }
  }

  /// Calls that wait for those under way.
  package var waiting: Int { state.withLock { $0.waiting.count } }

  /// Runs what has come meanwhile, until nothing waits.
  private func goOn(_ body: @escaping Body) {
    let calls = next()
    if !calls.isEmpty {
      Task {
        await run(calls, body)
        await gather(calls.count)
        goOn(body)
      }
    }
  }

  /// The calls that have waited longest; none, and one less is running.
  private func next() -> [Call] {
    state.withLock { state in
      let calls = state.take(upTo: most)
      if calls.isEmpty { state.running -= 1 } else { state.lastMerged = calls.count }
      return calls
    }
  }

  /// The calls that go with one that weighs so much.
  private func next(beside own: Int) -> [Call] {
    state.withLock { state in
      let calls = state.take(upTo: most, beside: own)
      state.lastMerged = calls.count + 1
      return calls
    }
  }

  private func run(_ calls: [Call], _ body: Body) async {
    do {
      answer(calls, try await body(calls.flatMap(\.items))[...])
    } catch let error where calls.count > 1 && isOfOne(error) {
      for call in calls { await run([call], body) }
    } catch {
      for call in calls { call.continuation.resume(throwing: error) }
    }
  }

  private func answer(_ calls: [Call], _ replies: ArraySlice<Reply>) {
    var replies = replies
    for call in calls {
      call.continuation.resume(returning: Array(replies.prefix(call.items.count)))
      replies = replies.dropFirst(call.items.count)
    }
  }
}
