import Glibc
import Synchronization

/// A thread of its own for tasks that prefer it: what blocks on it never blocks Swift's cooperative pool. They take turns
/// on the thread, with each other and with the actor whose executor is `ActorOnThread`.
///
/// Two executors, because a task tells by its executor where it runs: one that is outside of actors goes on at once where
/// it finds this one, and would be put into the queue again after each call if it found the actor's.
final class ThreadExecutor: TaskExecutor {
  /// Keeps its executor until it has run: a task that only prefers it does not, once it has gone elsewhere.
  private enum Job {
    case ofTask(UnownedJob, ThreadExecutor)
    case ofActor(UnownedJob, ActorOnThread)

    func run() {
      switch self {
      case .ofTask(let job, let executor): job.runSynchronously(on: executor.asUnownedTaskExecutor())
      case .ofActor(let job, let executor):
        job.runSynchronously(
          isolatedTo: executor.asUnownedSerialExecutor(),
          taskExecutor: executor.thread.asUnownedTaskExecutor())
      }
    }
  }

  /// What the executor and its thread share. The thread keeps it alive, so the executor may go first.
  private final class Shared: Sendable {
    struct State {
      var jobs: [Job] = []
      var stopped = false
    }
    let state = Mutex(State())
    let wake = Semaphore()
    /// 0 until it has begun.
    let thread = Atomic<UInt>(0)
  }

  private let shared = Shared()

  init() {
    let shared = self.shared
    OwnThread.start {
      shared.thread.store(UInt(pthread_self()), ordering: .relaxed)
      var jobs: [Job] = []
      while true {
        let stopped = shared.state.withLock { state in
          swap(&jobs, &state.jobs)
          return state.stopped
        }
        for job in jobs { job.run() }
        if jobs.isEmpty {
          if stopped { return }
          shared.wake.wait()
        }
        jobs.removeAll(keepingCapacity: true)
      }
    }
  }

  deinit {
    shared.state.withLock { $0.stopped = true }
    shared.wake.post()
  }

  func enqueue(_ job: consuming ExecutorJob) { add(.ofTask(UnownedJob(job), self)) }

  fileprivate func add(_ job: UnownedJob, of actor: ActorOnThread) { add(.ofActor(job, actor)) }

  private func add(_ job: Job) {
    shared.state.withLock { $0.jobs.append(job) }
    // The thread looks for more before it waits.
    if !isCurrent { shared.wake.post() }
  }

  /// Whether the caller runs on its thread.
  var isCurrent: Bool { shared.thread.load(ordering: .relaxed) == UInt(pthread_self()) }
}

/// The executor of an actor that runs on a thread of its own.
final class ActorOnThread: SerialExecutor {
  let thread = ThreadExecutor()

  func enqueue(_ job: consuming ExecutorJob) { thread.add(UnownedJob(job), of: self) }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}

/// A counting semaphore.
///
/// `@unchecked Sendable`: the only stored property is a constant pointer to a POSIX semaphore, which POSIX makes
/// safe to use from any thread; it is freed when nobody can reach it any more.
final class Semaphore: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func post() { sem_post(semaphore) }

  func wait() { while sem_wait(semaphore) != 0 {} }
}

/// A detached thread.
enum OwnThread {
  private final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  static func start(_ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(Start(body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 1 << 20)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, start.toOpaque())
    // Without the thread nothing enqueued would ever run: stop here, with the reason, instead of hanging.
    precondition(code == 0, "cannot start a thread: \(String(cString: strerror(code)))")
  }
}
