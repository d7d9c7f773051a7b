import CPlatform
import Glibc
import Synchronization

/// A child of this process. Waiting for it never blocks Swift's cooperative pool.
public final class ChildProcess: Sendable {
  /// Where a stream of the child leads.
  public enum Stream: Sendable, Equatable {
    case nothing
    /// This process's own.
    case inherited
    /// Appended to a file.
    case file(String)
  }

  public struct Options: Sendable {
    /// Path of the program; PATH is not searched.
    public var program: String
    public var arguments: [String]
    /// nil hands on this process's environment.
    public var environment: [String: String]?
    public var folder: String?
    public var output: Stream
    public var error: Stream
    /// A group of its own, so that `signalGroup` reaches all it starts and the terminal's Ctrl-C does not.
    public var ownGroup: Bool
    /// The signal that the child gets when this process dies, however it dies.
    public var signalOnParentDeath: Int32?
    /// User and group to run as; needs root.
    public var owner: Owner?
    /// A descriptor of this process that the child holds open too: a lock on it lasts until both have ended.
    public var kept: Int32?

    public init(
      program: String, arguments: [String], environment: [String: String]? = nil, folder: String? = nil,
      output: Stream = .inherited, error: Stream = .inherited, ownGroup: Bool = true,
      signalOnParentDeath: Int32? = nil, owner: Owner? = nil, kept: Int32? = nil
    ) {
      self.program = program
      self.arguments = arguments
      self.environment = environment
      self.folder = folder
      self.output = output
      self.error = error
      self.ownGroup = ownGroup
      self.signalOnParentDeath = signalOnParentDeath
      self.owner = owner
      self.kept = kept
    }
  }

  public struct Owner: Sendable, Equatable {
    public var user: Int64
    public var group: Int64

    public init(user: Int64, group: Int64) {
      self.user = user
      self.group = group
    }

    /// The user of this name in the password file.
    public static func named(_ name: String) -> Owner? {
      var owner = Owner(user: -1, group: -1)
      return ar1_find_user(name, &owner.user, &owner.group) == 0 ? owner : nil
    }
  }

  /// How a child ended.
  public enum Exit: Sendable, Equatable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    public var description: String {
      switch self {
      case .code(let code): "exit code \(code)"
      case .signal(let number): "signal \(number)"
      }
    }
  }

  private enum State {
    case running([CheckedContinuation<Exit, Never>])
    case ended(Exit)
  }

  public let id: Int32
  private let program: String
  private let ownGroup: Bool
  private let state = Mutex(State.running([]))

  private init(id: Int32, program: String, ownGroup: Bool) {
    self.id = id
    self.program = program
    self.ownGroup = ownGroup
  }

  /// Starts a child.
  public static func start(_ options: Options) throws(ChildProcessError) -> ChildProcess {
    var closing: [Int32] = []
    defer { for descriptor in closing { close(descriptor) } }
    func descriptor(_ stream: Stream) throws(ChildProcessError) -> Int32 {
      switch stream {
      case .nothing: return -1
      case .inherited: return Int32(AR1_INHERIT)
      case .file(let path):
        let opened = ar1_open_append(path)
        guard opened >= 0 else {
          throw ChildProcessError("cannot write \(path): \(String(cString: strerror(-opened)))")
        }
        closing.append(opened)
        return opened
      }
    }
    var raw = ar1_spawn_options_default()
    raw.output = try descriptor(options.output)
    raw.error = try descriptor(options.error)
    raw.kept = options.kept ?? -1
    raw.own_group = options.ownGroup
    raw.signal_on_parent_death = options.signalOnParentDeath ?? 0
    raw.user = options.owner?.user ?? -1
    raw.group = options.owner?.group ?? -1

    let arguments = CStrings([options.program] + options.arguments)
    let environment = options.environment.map { CStrings($0.map { "\($0.key)=\($0.value)" }.sorted()) }
    let paths = CStrings([options.program] + (options.folder.map { [$0] } ?? []))
    raw.arguments = UnsafePointer(arguments.pointers)
    raw.environment = environment.map { UnsafePointer($0.pointers) }
    var process = pid_t()
    var code = EINVAL
    if let program = paths.pointers[0] {
      raw.program = UnsafePointer(program)
      raw.folder = paths.pointers[1].map { UnsafePointer($0) }
      code = withExtendedLifetime((arguments, environment, paths)) { ar1_spawn(&raw, &process) }
    }
    guard code == 0 else {
      throw ChildProcessError("cannot start \(options.program): \(String(cString: strerror(code)))")
    }
    let child = ChildProcess(id: process, program: options.program, ownGroup: options.ownGroup)
    child.watch()
    return child
  }

  private func watch() {
    let context = Unmanaged.passRetained(self)
    let code = ar1_on_exit(
      id,
      { context, status in
        guard let context else { return }
        let child = Unmanaged<ChildProcess>.fromOpaque(context).takeRetainedValue()
        child.note(
          ar1_status_signal(status) != 0
            ? .signal(ar1_status_signal(status)) : .code(status < 0 ? -1 : ar1_status_code(status)))
      }, context.toOpaque())
    if code != 0 {
      context.release()
      note(.code(-1))
    }
  }

  private func note(_ exit: Exit) {
    let waiting = state.withLock { state -> [CheckedContinuation<Exit, Never>] in
      guard case .running(let waiting) = state else { return [] }
      state = .ended(exit)
      return waiting
    }
    for continuation in waiting { continuation.resume(returning: exit) }
  }

  /// How it ended; nil while it runs.
  public var exit: Exit? {
    state.withLock { if case .ended(let exit) = $0 { exit } else { nil } }
  }

  /// Returns when the child has ended.
  public func waitForExit() async -> Exit {
    await withCheckedContinuation { continuation in
      let ended = state.withLock { state -> Exit? in
        switch state {
        case .ended(let exit): return exit
        case .running(let waiting):
          state = .running(waiting + [continuation])
          return nil
        }
      }
      if let ended { continuation.resume(returning: ended) }
    }
  }

  /// Sends a signal, unless the child has ended.
  public func signal(_ number: Int32) {
    state.withLock { if case .running = $0 { kill(id, number) } }
  }

  /// Sends a signal to the child and all it started that stayed in its group.
  public func signalGroup(_ number: Int32) {
    guard ownGroup else { return signal(number) }
    kill(-id, number)
  }
}

public struct ChildProcessError: Error, Sendable, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}

/// A NULL-terminated array of C strings that lives as long as this object.
private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    pointers = .allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
    pointers[strings.count] = nil
  }

  deinit {
    for index in 0..<count { free(pointers[index]) }
    pointers.deallocate()
  }
}
