import HTTPTypes
import Hummingbird
import JobModel
import JobStore
import NIOCore
import PostgresClient

/// /metrics in the text form of Prometheus 0.0.4.
struct MetricsRoute {
  let store: JobStore
  let metrics: Metrics

  func add(to group: RouterGroup<APIContext>) {
    group.get("metrics") { _, context in
      _ = try context.require(.metrics, "read the pool's figures")
      let figures = try await store.figures()
      let text = Self.text(figures, metrics.now, store.pool.usage)
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: .init(byteBuffer: ByteBuffer(string: text)))
    }
  }

  static func text(
    _ figures: QueueFigures, _ counts: Metrics.Counts, _ pool: ConnectionPool.Usage
  ) -> String {
    var page = MetricsPage()
    page.gauge("ar1_jobs", "Unfinished jobs.")
    for state in [JobState.queued, .running] {
      page.value("ar1_jobs", ["state": state.rawValue], Double(figures.jobs[state] ?? 0))
    }
    page.gauge("ar1_tasks", "Tasks that wait for a worker or run.")
    for kind in TaskKind.allCases {
      page.value(
        "ar1_tasks", ["state": "ready", "kind": kind.rawValue], Double(figures.readyTasks[kind] ?? 0))
      page.value(
        "ar1_tasks", ["state": "running", "kind": kind.rawValue], Double(figures.runningTasks[kind] ?? 0))
    }
    page.gauge(
      "ar1_queue_age_seconds", "Since the oldest job with a waiting task was submitted.",
      figures.oldestReadySeconds)
    page.gauge("ar1_workers", "Worker processes that are alive.", Double(figures.workers))
    page.gauge("ar1_worker_slots", "Tasks that these can do at once.", Double(figures.slots))
    page.gauges(of: figures.devices)
    page.gauge(
      "ar1_webhook_deliveries_pending", "Events that receivers have not taken.",
      Double(figures.pendingWebhooks))
    page.gauge(
      "ar1_leader_term", "Rises with every change of the leading coordinator.", Double(figures.leaderTerm))
    page.gauge(
      "ar1_database_oldest_snapshot_seconds",
      "While a snapshot is held dead rows stay and claims get slower.",
      figures.oldestSnapshotSeconds)
    page.gauge("ar1_database_connections", "Of this coordinator's pool.")
    page.value("ar1_database_connections", ["state": "open"], Double(pool.open))
    page.value("ar1_database_connections", ["state": "idle"], Double(pool.idle))
    page.gauge(
      "ar1_database_waiting", "Requests of this coordinator that wait for a connection.", Double(pool.waiting)
    )
    page.counter("ar1_http_requests_total", "Requests answered by this coordinator, by class of status.")
    for hundred in 1...5 {
      page.value("ar1_http_requests_total", ["status": "\(hundred)xx"], Double(counts.requests[hundred]))
    }
    page.counter("ar1_claimed_tasks_total", "Tasks leased by this coordinator.")
    page.value("ar1_claimed_tasks_total", [:], Double(counts.claimedTasks))
    page.histogram(
      "ar1_claim_seconds", "Time of a look into the queue for a claim.", Metrics.bounds, counts.claims)
    return page.text
  }
}

/// The text as it grows.
struct MetricsPage {
  private(set) var text = ""

  mutating func gauge(_ name: String, _ help: String, _ value: Double? = nil) {
    head(name, help, "gauge")
    if let value { self.value(name, [:], value) }
  }

  mutating func counter(_ name: String, _ help: String) { head(name, help, "counter") }

  mutating func histogram(_ name: String, _ help: String, _ bounds: [Double], _ latency: Metrics.Latency) {
    head(name, help, "histogram")
    for (bound, count) in zip(bounds, latency.counts) {
      value("\(name)_bucket", ["le": "\(bound)"], Double(count))
    }
    let all = Double(latency.counts.last ?? 0)
    value("\(name)_bucket", ["le": "+Inf"], all)
    value("\(name)_sum", [:], latency.sum)
    value("\(name)_count", [:], all)
  }

  /// Several workers may have one name, so the session is told too.
  mutating func gauges(of devices: [Overview.Device]) {
    func values(_ name: String, _ help: String, _ value: (DeviceReport) -> Double?) {
      gauge(name, help)
      for device in devices {
        guard let number = value(device.use) else { continue }
        self.value(
          name,
          ["worker": device.worker, "session": "\(device.session)", "device": "\(device.use.index)"], number)
      }
    }
    values("ar1_gpu_utilization_ratio", "Share of time in which something computed on a worker's GPU.") {
      $0.utilization
    }
    values("ar1_gpu_memory_used_bytes", "Memory of a worker's GPU in use by whatever program.") {
      $0.memoryUsed.map(Double.init)
    }
    values("ar1_gpu_memory_total_bytes", "Memory of a worker's GPU.") { $0.memoryTotal.map(Double.init) }
    values("ar1_gpu_tasks", "Tasks of the worker that have the GPU.") { Double($0.tasks) }
  }

  mutating func value(_ name: String, _ labels: KeyValuePairs<String, String>, _ value: Double) {
    let inner = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
    let number = value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    text += "\(name)\(inner.isEmpty ? "" : "{\(inner)}") \(number)\n"
  }

  /// Workers' names are whatever people call them.
  private static func escaped(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  private mutating func head(_ name: String, _ help: String, _ type: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }
}

/// Counts what is answered.
struct RequestCounting: RouterMiddleware {
  let metrics: Metrics

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    let response = try await next(request, context)
    metrics.answered(response.status.code)
    return response
  }
}
