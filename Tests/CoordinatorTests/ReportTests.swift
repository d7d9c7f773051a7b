import CoordinatorClient
import FoundationEssentials
import JobModel
import OrderedJSON
import Testing

/// Views over many jobs: figures, the overview, the month's usage.
@Suite struct ReportTests {
  @Test("the overview counts what waits and what runs, for one's own lab or, for administrators, for all")
  func overview() async throws {
    try await TestQueue.run { queue in
      _ = try await queue.submit()
      let stranger = try await queue.token(.member, lab: "another")
      let foreign = try await stranger.submit(SubmitRequest(spec: try TestQueue.spec()))
      let executor = GatedExecutor(isOpen: false)
      try await queue.withWorker(executor, slots: 8) { _ in
        try await eventually { executor.begun.count { $0.kind == .shard } == 6 }
        let own = try await queue.member.overview()
        #expect(own.labs.map(\.lab) == ["lab"])
        #expect(own.labs.first?.runningTasks == 3 && own.tasks.count == 3)
        #expect(own.tasks.allSatisfy { $0.lab == "lab" && $0.worker == "tester" })
        #expect(own.workers == Overview.Workers(alive: 1, slots: 8, busy: 6))
        let all = try await queue.token(.admin).overview()
        #expect(all.labs.map(\.lab) == ["another", "lab"])
        #expect(all.tasks.count { $0.job == foreign.id } == 3)
        executor.open()
      }
    }
  }

  @Test("the figures follow the queue, in the text that Prometheus reads")
  func metrics() async throws {
    try await TestQueue.run { queue in
      let admin = try await queue.secret(.admin)
      func values() async throws -> [String: Double] {
        let client = queue.client(admin)
        let response = try await client.exchange(
          client.request("GET", "/metrics", body: nil, timeout: 30), mayRepeat: true)
        var values: [String: Double] = [:]
        for line in String(decoding: response.body, as: UTF8.self).split(separator: "\n") {
          if line.hasPrefix("#") { continue }
          let parts = line.split(separator: " ")
          try #require(parts.count == 2, "\(line)")
          guard let value = Double(parts[1]) else {
            Issue.record("no number: \(line)")
            continue
          }
          values[String(parts[0])] = value
        }
        return values
      }
      _ = try await queue.submit()
      var now = try await values()
      #expect(now["ar1_jobs{state=\"queued\"}"] == 1 && now["ar1_workers"] == 0)
      #expect(now["ar1_tasks{state=\"ready\",kind=\"plan\"}"] == 1)
      let executor = GatedExecutor(isOpen: false)
      try await queue.withWorker(executor, slots: 2) { _ in
        try await eventually { executor.begun.count { $0.kind == .shard } == 2 }
        now = try await values()
        #expect(now["ar1_jobs{state=\"running\"}"] == 1 && now["ar1_workers"] == 1)
        #expect(now["ar1_tasks{state=\"running\",kind=\"shard\"}"] == 2)
        #expect(now["ar1_tasks{state=\"ready\",kind=\"shard\"}"] == 1)
        #expect(now["ar1_worker_slots"] == 2 && now["ar1_claimed_tasks_total"] == 3)
        executor.open()
      }
      #expect((now["ar1_claim_seconds_count"] ?? 0) >= 3)
      #expect((now["ar1_http_requests_total{status=\"2xx\"}"] ?? 0) > 5)
      #expect((now["ar1_database_connections{state=\"open\"}"] ?? 0) >= 1)
      #expect(now["ar1_leader_term"] == 1)
    }
  }

  @Test("every figure that the alerts of deploy/ ask for is told")
  func alerts() async throws {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let rules = try String(
      contentsOf: URL(filePath: "/\(root)/deploy/prometheus/ar1.rules.yml"), encoding: .utf8)
    let asked = Set(rules.matches(of: /\bar1_[a-z_]+/).map(\.output))
    #expect(asked.count >= 10)
    try await TestQueue.run { queue in
      let client = queue.client(try await queue.secret(.admin))
      let response = try await client.exchange(
        client.request("GET", "/metrics", body: nil, timeout: 30), mayRepeat: true)
      let text = String(decoding: response.body, as: UTF8.self)
      for name in asked {
        let isTold = ["", "_bucket"].contains { part in
          name.hasSuffix(part) && text.contains("# TYPE \(name.dropLast(part.count)) ")
        }
        #expect(isTold, "\(name)")
      }
    }
  }

  @Test("the use of workers' GPUs is among the figures, whatever the workers are called")
  func gpuMetrics() async throws {
    try await TestQueue.run { queue in
      let session = try await queue.worker.register(
        RegisterRequest(
          name: "a \"b\"\\", host: "h", process: 1, version: "1", kinds: [.shard], slots: 1,
          inventory: Inventory(devices: [.init(index: 2, name: "H100", memoryBytes: 1 << 30)]))
      ).session
      let use = DeviceReport(index: 2, utilization: 0.25, memoryUsed: 1 << 20, memoryTotal: 1 << 30, tasks: 3)
      _ = try await queue.worker.heartbeat(
        HeartbeatRequest(session: session, leases: [], devices: [use]), timeout: 10)
      let client = queue.client(try await queue.secret(.admin))
      let response = try await client.exchange(
        client.request("GET", "/metrics", body: nil, timeout: 30), mayRepeat: true)
      let lines = String(decoding: response.body, as: UTF8.self).split(separator: "\n")
      let labels = "{worker=\"a \\\"b\\\"\\\\\",session=\"\(session)\",device=\"2\"}"
      for (name, value) in [
        ("utilization_ratio", "0.25"), ("memory_used_bytes", "1048576"), ("memory_total_bytes", "1073741824"),
        ("tasks", "3"),
      ] { #expect(lines.contains("ar1_gpu_\(name)\(labels) \(value)"), "\(name)") }
      let overview = try await queue.member.overview()
      #expect(overview.devices.map(\.use) == [use])
      #expect(try await queue.member.workers().map(\.devices) == [[use]])
    }
  }

  @Test(
    "the month's report holds the jobs that ended in it, of one's own lab or of all, and what every attempt used"
  )
  func usage() async throws {
    try await TestQueue.run { queue in
      let done = try await queue.submit()
      try await queue.withWorker(GatedExecutor()) { _ in try await queue.succeeds(done.id) }
      let cancelled = try await queue.submit()
      _ = try await queue.member.cancel(cancelled.id)
      _ = try await queue.submit()
      let stranger = try await queue.token(.member, lab: "another, \"B\"")
      let foreign = try await stranger.submit(SubmitRequest(spec: try TestQueue.spec()))
      _ = try await stranger.cancel(foreign.id)
      let month: String = try await queue.store.pool.run { session in
        try session.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') AS month").only().get(
          "month")
      }
      // The leader books what has ended, whenever it looks.
      try await eventually { try await queue.member.usage(month: month).rows.first?.attempts == 5 }
      let rows = try await queue.member.usage(month: month).rows
      let row = try #require(rows.first)
      #expect(rows.count == 1 && row.lab == "lab" && row.user == "member" && row.kind == .eval)
      #expect(row.jobs == 2 && row.succeeded == 1 && row.cancelled == 1 && row.failed == 0)
      #expect(row.attempts == 5 && row.cpuSeconds > 0 && row.gpuSeconds == 0)
      #expect(try await queue.token(.admin).usage(month: month).rows.count == 2)
      #expect(try await queue.member.usage(month: "2001-01").rows.isEmpty)
      let early = await refused(.invalid) { _ = try await queue.member.usage(month: "1999-01") }
      #expect(early?.message.contains("from 2000-01 on") == true, "\(String(describing: early))")
      for wrong in ["2026", "2026-13", "2026-1", "x", "2026-11-01"] {
        await refused(.invalid) { _ = try await queue.member.usage(month: wrong) }
      }
    }
  }
}
