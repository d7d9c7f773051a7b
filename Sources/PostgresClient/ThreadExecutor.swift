import Glibc
import Synchronization

/// An executor that owns one thread: what blocks on it never blocks Swift's cooperative pool. Its actor and tasks that
/// prefer it take turns on the thread.
final class ThreadExecutor: SerialExecutor, TaskExecutor {
  /// What the executor and its thread share. The thread keeps it alive, so the executor may go first.
  private final class Shared: Sendable {
    struct State {
      var jobs: [@Sendable () -> Void] = []
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
      while true {
        shared.wake.wait()
        let (jobs, stopped) = shared.state.withLock { state in
          defer { state.jobs = [] }
          return (state.jobs, state.stopped)
        }
        for job in jobs { job() }
        if stopped { return }
      }
    }
  }

  deinit {
    shared.state.withLock { $0.stopped = true }
    shared.wake.post()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    shared.state.withLock {
      // Keeps this executor until the job has run: a task that only prefers it does not, once it has gone elsewhere.
      $0.jobs.append { [self] in
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      }
    }
    shared.wake.post()
  }

  /// Whether the caller runs on its thread.
  var isCurrent: Bool { shared.thread.load(ordering: .relaxed) == UInt(pthread_self()) }

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
