public import JobModel
import PostgresClient

extension JobStore {
  public static let longestLogLine = 16_384

  /// Appends lines of a running task; longer ones than `longestLogLine` characters are cut and say so.
  public func appendLogs(_ request: AppendLogsRequest) async throws -> WriteReply {
    guard !request.lines.isEmpty else { return WriteReply(outcome: .accepted) }
    let texts = request.lines.map { line in
      line.text.utf8.count <= Self.longestLogLine
        ? StoredJSON.clean(line.text)
        : StoredJSON.clean(String(line.text.prefix(Self.longestLogLine))) + " … (cut)"
    }
    return try await pool.transaction { session in
      guard let job = try session.jobToLog(request.lease) else { return WriteReply(outcome: .stale) }
      let end = try session.advanceLog(of: job, by: texts.count)
      try session.insertLines(
        texts, streams: request.lines.map(\.stream.rawValue), job: job, lease: request.lease,
        after: end - Int64(texts.count))
      return WriteReply(outcome: .accepted)
    }
  }

  /// Lines after a sequence number, oldest first.
  public func logs(
    _ id: JobID, lab: LabID, after sequence: Int64 = 0, limit: Int = 1000
  ) async throws -> LogPage {
    try await pool.transaction { session in
      // The state is read first: a final state with an empty page then really means that nothing follows.
      let state = try session.execute(
        "SELECT state FROM jobs WHERE id = $1 AND lab_id = $2", id, lab
      ).first.map { try $0.name("state", as: JobState.self) }
      guard let state else { throw StoreError.noJob(id) }
      return LogPage(
        lines: try session.lines(of: id, after: sequence, limit: min(max(limit, 1), 10_000)), state: state)
    }
  }
}

extension Session {
  /// The job of a running task, which stays running until the transaction ends. (Primary key of tasks.)
  fileprivate func jobToLog(_ lease: Lease) throws -> JobID? {
    try execute(
      "SELECT job_id FROM tasks WHERE id = $1 AND lease_epoch = $2 AND state = 'running' FOR SHARE",
      lease.task, lease.epoch
    ).first.map { try $0.get("job_id") }
  }

  /// (Primary key of log_ends.)
  fileprivate func advanceLog(of job: JobID, by count: Int) throws -> Int64 {
    try execute(
      """
      INSERT INTO log_ends AS e (job_id, last_sequence) VALUES ($1, $2)
      ON CONFLICT (job_id) DO UPDATE SET last_sequence = e.last_sequence + excluded.last_sequence
      RETURNING last_sequence
      """, job, count
    ).only().get("last_sequence")
  }

  fileprivate func insertLines(
    _ texts: [String], streams: [String], job: JobID, lease: Lease, after start: Int64
  ) throws {
    try execute(
      """
      INSERT INTO logs (job_id, sequence, task_id, lease_epoch, stream, line)
      SELECT $1, $2 + position, $3, $4, stream, line
      FROM unnest($5::text[], $6::text[]) WITH ORDINALITY AS given (stream, line, position)
      """, job, start, lease.task, lease.epoch, streams, texts)
  }

  /// (Primary key of logs.)
  fileprivate func lines(of job: JobID, after sequence: Int64, limit: Int) throws -> [LogRecord] {
    try execute(
      """
      SELECT sequence, task_id, extract(epoch FROM at)::float8 AS at, stream, line FROM logs
      WHERE job_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
      """, job, sequence, limit
    ).map { row in
      LogRecord(
        sequence: try row.get("sequence"), task: try row.get("task_id"), time: try row.get("at"),
        stream: try row.name("stream"), text: try row.get("line"))
    }
  }
}
