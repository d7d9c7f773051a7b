public import JobModel
import PostgresClient

extension JobStore {
  /// Quotas of all labs, or of the caller's own where she administers no others. (Primary key of quotas.)
  public func quotas(for caller: Caller) async throws -> LabQuotaList {
    let only = caller.may(.administer) ? nil : caller.lab
    return LabQuotaList(quotas: try await pool.run { session in try session.quotas(only: only) })
  }

  /// Puts a lab's quota of a device in the place of the one before. Tasks that run are left alone; what waits obeys
  /// from the next pass on.
  public func setQuota(_ quota: LabQuota, by caller: Caller) async throws -> LabQuota {
    try Self.check(name: quota.lab, of: "lab")
    let numbers = [quota.weight, quota.nominal, quota.borrow, quota.lend, quota.budgetHours].compactMap(
      \.self)
    guard quota.weight > 0, numbers.allSatisfy({ $0.isFinite && $0 >= 0 && $0 <= 1e9 }),
      (0...1_000_000).contains(quota.maxRunning ?? 0)
    else {
      throw StoreError.invalid(
        "a quota's numbers lie between 0 and 1000000000, and its weight is above 0")
    }
    return try await pool.transaction { session in
      guard let lab = try session.lab(named: quota.lab) else {
        throw StoreError.notFound("there is no lab '\(quota.lab.prefix(120))'")
      }
      try session.execute(
        """
        INSERT INTO quotas (lab_id, device, weight, nominal, borrow, lend, max_running, budget_hours)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (lab_id, device) DO UPDATE SET weight = excluded.weight, nominal = excluded.nominal,
          borrow = excluded.borrow, lend = excluded.lend, max_running = excluded.max_running,
          budget_hours = excluded.budget_hours
        """, lab, quota.device.rawValue, quota.weight, quota.nominal, quota.borrow, quota.lend,
        quota.maxRunning, quota.budgetHours)
      try session.noteChange(
        "quota-set", of: lab, by: caller,
        "\(quota.device.rawValue): \(quota.quota), weight \(Quota.text(quota.weight))",
        reason: quota.reason)
      if quota.quota.isLimiting { try session.obeyLimits() }
      guard let stored = try session.quotas(only: lab).first(where: { $0.device == quota.device }) else {
        throw StoreError.notFound("the quota was taken away meanwhile")
      }
      return stored
    }
  }
}

extension Session {
  fileprivate func quotas(only lab: LabID?) throws -> [LabQuota] {
    try execute(
      """
      SELECT l.name AS lab, q.device, q.weight, q.nominal, q.borrow, q.lend, q.max_running, q.budget_hours,
        coalesce((SELECT sum(u.unit_seconds) FROM usage_ledger u
          WHERE u.lab_id = q.lab_id AND u.device = q.device
            AND u.day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date), 0)::float8 / 3600 AS used_hours
      FROM quotas q JOIN labs l ON l.id = q.lab_id
      WHERE $1::bigint IS NULL OR q.lab_id = $1 ORDER BY l.name, q.device
      """, lab
    ).map { row in
      LabQuota(
        lab: try row.get("lab"), device: try row.name("device"), weight: try row.get("weight"),
        quota: try row.quota(), usedHours: try row.get("used_hours"))
    }
  }
}
