import FoundationEssentials
import Glibc
import JobModel
import JobStore
import LocalPostgres
import PostgresClient
import Testing

@Suite("The database")
struct DatabaseTests {
  @Test("the schema goes up, down and up again, and a second start changes nothing")
  func migrations() async throws {
    let pool = ConnectionPool(address: try await TestServer.shared.database(migrated: false), size: 2)
    let store = JobStore(pool: pool)
    let up = try await store.migrate()
    #expect(!up.isEmpty && up.allSatisfy { $0 > 0 })
    #expect(try await store.migrate().isEmpty)
    #expect(try await store.migrate(to: 0) == up.reversed().map { -$0 })
    let left = try await pool.run { session in
      try session.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").count
    }
    #expect(left == 1)
    #expect(try await store.migrate() == up)
  }

  @Test("a database that is newer, or was migrated with another text, is refused")
  func foreignSchema() async throws {
    let pool = ConnectionPool(address: try await TestServer.shared.database(), size: 1)
    let store = JobStore(pool: pool)
    _ = try await pool.run { session in
      try session.execute("INSERT INTO schema_migrations VALUES (9999, 'future', '')").affected
    }
    await #expect { try await store.migrate() } throws: { "\($0)".contains("at least as new") }
    _ = try await pool.run { session in
      try session.execute("DELETE FROM schema_migrations WHERE number = 9999").affected
        + session.execute("UPDATE schema_migrations SET checksum = 'x' WHERE number = 1").affected
    }
    await #expect { try await store.migrate() } throws: { "\($0)".contains("another text") }
  }

  @Test("a database that is down is a typed error, and the next call after its return succeeds")
  func outage() async throws {
    let folder = "/tmp/ar1-store-tests-\(getpid())-outage"
    let first = try await LocalPostgres.start(folder: folder, options: .init(durable: false))
    let store = JobStore(pool: ConnectionPool(address: first.address, size: 2))
    try await store.migrate()
    let lab = try await store.createLab(named: "vision")
    try await first.stop()
    await #expect { try await store.jobs(lab: lab) } throws: { ($0 as? PostgresError)?.isUnavailable == true }
    await #expect { try await store.tick() } throws: { ($0 as? PostgresError)?.isUnavailable == true }
    let second = try await LocalPostgres.start(folder: folder, options: .init(durable: false))
    #expect(try await store.jobs(lab: lab).jobs.isEmpty)
    #expect(try await store.createLab(named: "vision") == lab)
    try await second.destroy()
    #expect(!FileManager.default.fileExists(atPath: folder))
  }

  @Test(
    "a server starts only once the one before it has left the folder, and never passes that one off as its own"
  )
  func sameFolder() async throws {
    let folder = "/tmp/ar1-store-tests-\(getpid())-same"
    let first = try await LocalPostgres.start(folder: folder, options: .init(durable: false))
    await #expect {
      try await LocalPostgres.start(folder: folder, options: .init(durable: false, patience: 0.1))
    } throws: { "\($0)".contains("\(first.process)") && $0 is LocalPostgresError }
    let (lines, line) = AsyncStream<String>.makeStream()
    async let starting = LocalPostgres.start(folder: folder, options: .init(durable: false)) {
      line.yield($0)
    }
    let waiting = await lines.first { _ in true }
    #expect(waiting?.contains("process \(first.process)") == true)
    try await first.stop()
    let second = try await starting
    #expect(second.process != first.process)
    try await JobStore(pool: ConnectionPool(address: second.address, size: 1)).migrate()
    try await second.destroy()
  }

  @Test("what a server has left is removed wherever it lies, and not while it runs")
  func removal() async throws {
    // As root the server's user cannot enter it, and the server lies elsewhere.
    let closed = "/tmp/ar1-store-tests-\(getpid())-closed"
    try FileManager.default.createDirectory(
      atPath: closed, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: closed) }
    let folder = closed + "/postgres"
    let server = try await LocalPostgres.start(folder: folder, options: .init(durable: false))
    #expect { try LocalPostgres.remove(folder: folder) } throws: { "\($0)".contains("\(server.process)") }
    try await server.stop()
    #expect(FileManager.default.fileExists(atPath: server.folder))
    try LocalPostgres.remove(folder: folder)
    #expect(!FileManager.default.fileExists(atPath: server.folder))
  }

  @Test("statements that were prepared before a migration changed what they answer with go on")
  func changedType() async throws {
    let address = try await TestServer.shared.database()
    let running = ConnectionPool(address: address, size: 1)
    let migrating = ConnectionPool(address: address, size: 1)
    try await migrating.run { session in
      try session.executeScript("CREATE TABLE things (kind text); INSERT INTO things VALUES ('a')")
    }
    func kinds() async throws -> [String] {
      try await running.transaction { session in
        try session.execute("SELECT kind FROM things").map { try $0.get("kind") }
      }
    }
    #expect(try await kinds() == ["a"])
    try await migrating.run { session in
      try session.executeScript(
        "CREATE DOMAIN kind AS text CHECK (VALUE = 'a'); ALTER TABLE things ALTER COLUMN kind TYPE kind")
    }
    #expect(try await kinds() == ["a"])
  }

  @Test("a transaction that throws leaves nothing, and its connection works on")
  func rollback() async throws {
    struct Stop: Error {}
    let pool = ConnectionPool(address: try await TestServer.shared.database(), size: 1)
    await #expect(throws: Stop.self) {
      try await pool.transaction { session in
        try session.execute("INSERT INTO labs (name) VALUES ($1)", "gone")
        throw Stop()
      }
    }
    let count = try await pool.run { session in
      try session.execute("SELECT count(*) AS labs FROM labs").only().get("labs", as: Int.self)
    }
    #expect(count == 0)
  }

  @Test(
    "a transaction that fails at its first statement leaves its connection as it was, and one without any is none"
  )
  func firstStatement() async throws {
    let pool = ConnectionPool(address: try await TestServer.shared.database(), size: 1)
    await #expect(throws: PostgresError.self) {
      try await pool.transaction { session in
        _ = try session.execute("INSERT INTO labs (name) VALUES ($1)", "")
      }
    }
    try await pool.transaction { _ in }
    try await pool.transaction { session in
      try session.executeScript("INSERT INTO labs (name) VALUES ('a')")
      try session.execute("INSERT INTO labs (name) VALUES ('b')")
    }
    let (labs, transactions): (Int, Int) = try await pool.run { session in
      let row = try session.execute(
        "SELECT count(*) AS labs, count(DISTINCT xmin::text) AS transactions FROM labs"
      ).only()
      return (try row.get("labs"), try row.get("transactions"))
    }
    #expect(labs == 2 && transactions == 1)
  }

  @Test("values of every type come back as they went, and a wrong type says which column")
  func values() async throws {
    let pool = ConnectionPool(address: try await TestServer.shared.database(), size: 1)
    try await pool.run { session in
      let texts = ["", "a,b", "\"quoted\"", "back\\slash", "{x}", "NULL", "ü\n"]
      let floats: [Float] = [0.1, -1e-30, .leastNormalMagnitude, .infinity]
      let row = try session.execute(
        "SELECT $1::text[] AS texts, $2::real[] AS floats, $3::bigint AS big, $4::text AS nothing, $5::bytea AS raw",
        texts, floats, Int64.min, String?.none, BinaryValue([0, 255])
      ).only()
      for numbers in [[Int64.min, -1, 0, .max], [7], []] {
        #expect(
          try session.execute("SELECT $1::bigint[] AS numbers", numbers).only().get("numbers") == numbers)
      }
      #expect {
        try session.execute("SELECT '{1,NULL}'::bigint[] AS n").only().get("n", as: [Int64].self)
      } throws: {
        "\($0)".contains("column 'n' holds '{1,NULL}'")
      }
      #expect(try row.get("texts") == texts)
      #expect(try row.get("floats") == floats)
      #expect(try row.get("big") == Int64.min)
      #expect(try row.getIfPresent("nothing", as: String.self) == nil)
      #expect(try row.get("raw") == "\\x00ff")
      #expect { try row.get("nothing", as: Int.self) } throws: {
        "\($0)".contains("column 'nothing' is NULL")
      }
      #expect { try row.get("raw", as: Int.self) } throws: { "\($0)".contains("expected Int") }
      #expect { try session.execute("SELECT $1::text", "a\u{0}") } throws: { "\($0)".contains("NUL") }
    }
  }

  @Test("what runs on a thread of the pool has its statements run there")
  func onThread() async throws {
    let pool = ConnectionPool(address: try await TestServer.shared.database(), size: 2)
    try await pool.onThread {
      let own = pthread_self()
      for _ in 0..<3 {
        let (thread, sum) = try await pool.run { session in
          (pthread_self(), try session.execute("SELECT 1 + 1 AS sum").only().get("sum", as: Int.self))
        }
        #expect(pthread_equal(thread, own) != 0 && sum == 2)
      }
    }
    await #expect(throws: CancellationError.self) { try await pool.onThread { throw CancellationError() } }
    await pool.close()
  }

  @Test("a statement that takes too long is stopped with a typed error")
  func timeout() async throws {
    let pool = ConnectionPool(
      address: try await TestServer.shared.database(), size: 1,
      settings: SessionSettings(statementTimeout: 0.05))
    await #expect {
      try await pool.run { session in try session.execute("SELECT pg_sleep(30)").count }
    } throws: { ($0 as? PostgresError)?.isTimeout == true }
  }

  @Test(
    "a server that is there and does not answer is a typed error, and the next call has another connection",
    .timeLimit(.minutes(1)))
  func silence() async throws {
    let pool = ConnectionPool(
      address: try await TestServer.shared.database(), size: 1,
      settings: SessionSettings(connectTimeout: 1, statementTimeout: 1))
    let process = try await pool.run { session in
      try session.execute("SELECT pg_backend_pid() AS process").only().get("process", as: Int.self)
    }
    kill(pid_t(process), SIGSTOP)
    defer { kill(pid_t(process), SIGCONT) }
    await #expect {
      try await pool.transaction { session in try session.execute("SELECT 1").count }
    } throws: { error in
      (error as? PostgresError)?.isUnavailable == true && "\(error)".contains("has not answered for 3 s")
    }
    let other = try await pool.run { session in
      try session.execute("SELECT pg_backend_pid() AS process").only().get("process", as: Int.self)
    }
    #expect(other != process)
  }

  @Test("a connection over a network is watched over, unless its address says otherwise")
  func watchOverServer() async throws {
    let proxy = try CuttingProxy(to: try await TestServer.shared.database(), every: .max)
    defer { proxy.stop() }
    func option(_ name: Int32, _ address: PostgresAddress) async throws -> Int32 {
      let pool = ConnectionPool(address: address, size: 1)
      defer { Task { await pool.close() } }
      return try await pool.run { session in
        var (value, length) = (Int32(-1), socklen_t(MemoryLayout<Int32>.size))
        getsockopt(session.socket, Int32(IPPROTO_TCP), name, &value, &length)
        return value
      }
    }
    #expect(try await option(TCP_KEEPIDLE, proxy.address) == 10)
    #expect(try await option(TCP_USER_TIMEOUT, proxy.address) == 30_000)
    let other = PostgresAddress(proxy.address.connectionString + " tcp_user_timeout=7000 keepalives_idle=70")
    #expect(try await option(TCP_KEEPIDLE, other) == 70)
    #expect(try await option(TCP_USER_TIMEOUT, other) == 7_000)
  }

  @Test("whoever listens hears that tasks are ready")
  func notification() async throws {
    let bench = try await Bench.make()
    var events = Listener(address: bench.address).events(on: [JobStore.readyChannel]).makeAsyncIterator()
    #expect(await events.next()?.channel == nil)
    _ = try await bench.submit()
    #expect(await events.next()?.channel == JobStore.readyChannel)
  }
}

@Suite("Tokens and leaders")
struct TokenTests {
  @Test("a token is known by its hash only; expired, revoked and unknown ones are nobody")
  func tokens() async throws {
    let bench = try await Bench.make()
    let lab = bench.person.lab
    let token = try await bench.store.createToken(.init(user: "bob", role: .viewer), lab: lab)
    let caller = try #require(try await bench.store.authenticate(secret: token.secret))
    #expect(caller.userName == "bob" && caller.role == .viewer && caller.labName == "vision")
    let secret = token.secret
    let found = try await bench.store.pool.run { session in
      try session.execute(
        "SELECT 1 FROM tokens WHERE tokens::text LIKE '%' || $1 || '%'", String(secret.dropFirst(4))
      )
      .count
    }
    #expect(found == 0)
    #expect(try await bench.store.authenticate(secret: token.secret + "0") == nil)
    let stranger = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    await #expect(throws: StoreError.self) { try await bench.store.revokeToken(token.id, by: stranger) }
    let owner = try await Bench.caller(bench.store, lab: "vision", user: "grace", role: .owner)
    try await bench.store.revokeToken(token.id, by: owner)
    #expect(try await bench.store.authenticate(secret: token.secret) == nil)
    let brief = try await bench.store.createToken(
      .init(user: "bob", role: .viewer, expiresIn: 1e-6), lab: lab)
    #expect(try await bench.store.authenticate(secret: brief.secret) == nil)
  }

  @Test("one process leads at a time, and the term rises with every change")
  func leadership() async throws {
    let bench = try await Bench.make()
    let first = try #require(try await bench.store.takeLeadership(holder: "a", seconds: 60))
    #expect(try await bench.store.takeLeadership(holder: "b", seconds: 60) == nil)
    #expect(try await bench.store.takeLeadership(holder: "a", seconds: 60) == first)
    try await bench.store.resignLeadership(first)
    let second = try #require(try await bench.store.takeLeadership(holder: "b", seconds: 60))
    #expect(second.term == first.term + 1)
    #expect(try await bench.store.takeLeadership(holder: "a", seconds: 60) == nil)
  }
}
