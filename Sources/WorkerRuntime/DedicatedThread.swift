import Glibc
import Synchronization

/// One operating-system thread that runs what it is given, in order: for work that blocks or computes for
/// long (model code, BLAS, gigabytes of file input), which must stay off Swift's cooperative pool.
///
/// Use it in one of two ways:
/// - `try await thread.run { … }` for a piece of work;
/// - as the executor of an actor that owns state which is not `Sendable`, such as a model:
///   `nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }`.
///   The actor's code then runs on this thread alone.
///
/// The thread has a stack of 64 MiB (deep recursion over a gradient graph fits) and ends when nothing refers
/// to the `DedicatedThread` any more and its queue is empty.
public final class DedicatedThread: SerialExecutor, _Concurrency.TaskExecutor, Sendable {
  private enum Work {
    case job(UnownedJob)
    case closure(@Sendable () -> Void)
    case end
  }

  /// The queue outlives the `DedicatedThread`, so that the thread can finish what it has.
  ///
  /// Unchecked Sendable: `pending` is touched only with `mutex` held.
  private final class Queue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var pending: [Work] = []
    private var next = 0

    init() {
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(condition, nil)
    }

    deinit {
      pthread_mutex_destroy(mutex)
      pthread_cond_destroy(condition)
      mutex.deallocate()
      condition.deallocate()
    }

    func add(_ work: Work) {
      pthread_mutex_lock(mutex)
      pending.append(work)
      pthread_cond_signal(condition)
      pthread_mutex_unlock(mutex)
    }

    func take() -> Work {
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      while next == pending.count { pthread_cond_wait(condition, mutex) }
      let work = pending[next]
      next += 1
      if next == pending.count {
        pending.removeAll(keepingCapacity: true)
        next = 0
      }
      return work
    }
  }

  private final class Start: Sendable {
    let name: String
    let queue: Queue
    let executor: UnsafeExecutorBox
    init(name: String, queue: Queue, executor: UnsafeExecutorBox) {
      self.name = name
      self.queue = queue
      self.executor = executor
    }
  }

  /// Where the thread finds the executor that a job is run on. A job keeps its actor alive, and the actor its
  /// executor, so the reference is valid whenever there is a job.
  private final class UnsafeExecutorBox: Sendable {
    let value = Mutex<UnownedSerialExecutor?>(nil)
  }

  private let queue = Queue()

  /// - Parameters:
  ///   - name: shown by `top -H` and debuggers; at most 15 bytes of it.
  ///   - stackBytes: at least 8 MiB is used.
  public init(name: String, stackBytes: Int = 64 << 20) {
    let box = UnsafeExecutorBox()
    let start = Unmanaged.passRetained(Start(name: name, queue: queue, executor: box))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, max(stackBytes, 8 << 20))
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, &attributes,
      { argument in
        if let argument {
          DedicatedThread.serve(Unmanaged<Start>.fromOpaque(argument).takeRetainedValue())
        }
        return nil
      }, start.toOpaque())
    pthread_attr_destroy(&attributes)
    // Out of threads or of address space: there is nothing this process could still do in order.
    precondition(failure == 0, "the system gives no thread for \(name): error \(failure)")
    pthread_detach(thread)
    box.value.withLock { $0 = UnownedSerialExecutor(ordinary: self) }
  }

  deinit { queue.add(.end) }

  private static func serve(_ start: Start) {
    // Signals are for the threads of the program's life cycle.
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let comm = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    if comm >= 0 {
      let name = [UInt8](start.name.utf8.prefix(15))
      _ = write(comm, name, name.count)
      close(comm)
    }
    while true {
      switch start.queue.take() {
      case .job(let job):
        if let executor = start.executor.value.withLock({ $0 }) { job.runSynchronously(on: executor) }
      case .closure(let body): body()
      case .end: return
      }
    }
  }

  public func enqueue(_ job: consuming ExecutorJob) { queue.add(.job(UnownedJob(job))) }

  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  /// Has `body` run on the thread, after what was given to it before, and does not wait for it.
  public func start(_ body: @escaping @Sendable () -> Void) { queue.add(.closure(body)) }

  /// Runs `body` on the thread, after what was given to it before. Cancellation of the caller does not stop
  /// it: `body` looks at its `TaskContext` for that.
  public func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.add(.closure { continuation.resume(with: Result { try body() }) })
    }
  }
}
