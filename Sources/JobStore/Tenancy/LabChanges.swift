public import JobModel
import PostgresClient

extension JobStore {
  /// Closes a lab, whose tokens are then refused, or opens it again; pauses it, so that nothing of it begins, or lets it
  /// go on. Owners pause their own lab; everything else is the administrators'.
  public func changeLab(_ id: LabID, _ request: ChangeLabRequest, by caller: Caller) async throws -> LabRecord
  {
    guard caller.may(.administer) || id == caller.lab else {
      throw StoreError.notFound("there is no lab \(id) that you administer")
    }
    guard request.closed == nil || caller.may(.administer) else {
      throw StoreError.forbidden(
        "closing and opening a lab is an administrator's; an owner can pause her own")
    }
    guard !(request.closed == true && id == caller.lab) else {
      throw StoreError.conflict("this is the lab of your own token; another lab's administrator can close it")
    }
    let (lab, admitted) = try await pool.transaction { session -> (LabRecord, Admitted) in
      let name = try session.lockLab(id)
      if let closed = request.closed {
        try session.setClosed(closed, lab: id)
        try session.noteChange(
          closed ? "lab-closed" : "lab-opened", of: id, by: caller, name, reason: request.reason)
      }
      var admitted = Admitted.none
      if let paused = request.paused {
        admitted = try session.setPaused(paused, lab: id)
        try session.noteChange(
          paused ? "lab-paused" : "lab-resumed", of: id, by: caller, "\(name), by \(caller.userName)",
          reason: request.reason)
      }
      guard let lab = try session.labs(only: id, before: nil, limit: 1).first else {
        throw StoreError.notFound("there is no lab \(id)")
      }
      return (lab, admitted)
    }
    announce(admitted)
    return lab
  }

  /// Takes back what is ready of paused labs: a submission that ran while its lab was being paused did not see that it was.
  func withdrawOfPausedLabs() async throws {
    for (job, lab) in try await pool.run({ try $0.readyJobsOfPausedLabs() }) {
      try await pool.transaction { session in
        guard try session.keepsPaused(lab), try session.lockJob(job) != nil else { return }
        try session.withdrawReady(of: job)
      }
    }
  }
}

extension Session {
  /// (Indices jobs_unfinished, ready_of_job.)
  fileprivate func readyJobsOfPausedLabs() throws -> [(JobID, LabID)] {
    try execute(
      """
      SELECT j.id, l.id AS lab_id FROM labs l CROSS JOIN LATERAL (
        SELECT o.id FROM jobs o WHERE o.lab_id = l.id AND o.finished_at IS NULL
          AND (SELECT r.task_id FROM ready r WHERE r.job_id = o.id LIMIT 1) IS NOT NULL LIMIT 100) AS j
      WHERE l.paused_at IS NOT NULL ORDER BY j.id LIMIT 100
      """
    ).map { (try $0.get("id"), try $0.get("lab_id")) }
  }

  /// Whether a lab is paused; it stays so until the transaction ends. (Primary key of labs.)
  fileprivate func keepsPaused(_ lab: LabID) throws -> Bool {
    !(try execute("SELECT 1 FROM labs WHERE id = $1 AND paused_at IS NOT NULL FOR SHARE", lab).isEmpty)
  }

  /// Whoever changes the lab at the same time waits. (Primary key of labs.)
  /// - Returns: its name.
  fileprivate func lockLab(_ id: LabID) throws -> String {
    guard let row = try execute("SELECT name FROM labs WHERE id = $1 FOR UPDATE", id).first else {
      throw StoreError.notFound("there is no lab \(id)")
    }
    return try row.get("name")
  }

  fileprivate func setClosed(_ closed: Bool, lab: LabID) throws {
    try execute(
      "UPDATE labs SET closed_at = CASE WHEN $2 THEN coalesce(closed_at, now()) END WHERE id = $1", lab,
      closed)
  }

  /// What is ready and unclaimed is taken back, or what may run admitted; both under the locks of the lab's jobs, so that
  /// no other transaction admits on what it saw before. (Indices jobs_unfinished, ready_of_job.)
  /// - Returns: what became ready or waits for the leader.
  fileprivate func setPaused(_ paused: Bool, lab: LabID) throws -> Admitted {
    try execute(
      "UPDATE labs SET paused_at = CASE WHEN $2 THEN coalesce(paused_at, now()) END WHERE id = $1", lab,
      paused)
    let unfinished: [JobID] = try execute(
      "SELECT id FROM jobs WHERE lab_id = $1 AND finished_at IS NULL", lab
    ).map { try $0.get("id") }
    let jobs = try lockJobs(unfinished).values.filter { !$0.state.isFinal }.sorted { $0.id < $1.id }
    guard paused else { return try jobs.reduce(.none) { $0 + (try admit($1)) } }
    for job in jobs { try withdrawReady(of: job.id) }
    return .none
  }
}
