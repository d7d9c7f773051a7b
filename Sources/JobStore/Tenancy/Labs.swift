public import JobModel
import PostgresClient

extension JobStore {
  /// The lab of this name, made if there is none.
  public func createLab(named name: String, by caller: Caller? = nil) async throws -> LabID {
    try Self.checkLab(name: name)
    return try await pool.transaction { session in
      if let known = try session.lab(named: name) { return known }
      let made = try session.execute(
        "INSERT INTO labs (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING id", name
      ).first.map { try $0.get("id", as: LabID.self) }
      // Someone else made it meanwhile.
      guard let made else { throw StoreError.conflict("the lab '\(name)' is being made; ask again") }
      try session.noteEvent("lab-created", lab: made, user: caller?.user, message: name)
      return made
    }
  }

  /// All labs, or the caller's own where she administers no others; the newest first. (Primary key of labs.)
  public func labs(for caller: Caller, before: LabID? = nil, limit: Int = 100) async throws -> LabList {
    let only = caller.may(.administer) ? nil : caller.lab
    let page = Page(limit)
    let labs = try await pool.run { session in
      try session.labs(only: only, before: before, limit: page.lookedFor)
    }
    let (elements, next) = page.cut(labs, by: \.id)
    return LabList(labs: elements, next: next)
  }

  /// The lab a caller means: her own, or, for administrators, the named one.
  public func lab(_ name: String?, for caller: Caller) async throws -> LabID {
    guard let name, name != caller.labName else { return caller.lab }
    guard caller.may(.administer), let id = try await pool.run({ try $0.lab(named: name) }) else {
      throw StoreError.notFound("there is no lab '\(name.prefix(120))' that you administer")
    }
    return id
  }

  /// A lab's name is also that of its folder.
  private static func checkLab(name: String) throws {
    try check(name: name, of: "lab")
    guard !name.hasPrefix("."), !name.contains("/") else {
      throw StoreError.invalid(
        "a lab's name is also that of its folder: no '/' in it and no '.' at its start, found '\(name)'")
    }
  }

  static func check(name: String, of thing: String) throws {
    guard !name.isEmpty, OneLine.holds(name, longest: 120) else {
      throw StoreError.invalid(
        "a \(thing)'s name is one line of 1 to 120 characters, found '\(name.prefix(60))'")
    }
  }
}

extension Session {
  /// (Unique index of labs on name.)
  func lab(named name: String) throws -> LabID? {
    try execute("SELECT id FROM labs WHERE name = $1", name).first.map { try $0.get("id") }
  }

  /// (Primary key of labs, unique index of users on lab and name, index jobs_unfinished.)
  func labs(only id: LabID?, before: LabID?, limit: Int) throws -> [LabRecord] {
    try execute(
      """
      SELECT l.id, l.name, extract(epoch FROM l.created_at)::float8 AS created_at,
        extract(epoch FROM l.closed_at)::float8 AS closed_at,
        extract(epoch FROM l.paused_at)::float8 AS paused_at,
        (SELECT count(*) FROM users u WHERE u.lab_id = l.id AND u.disabled_at IS NULL) AS users,
        (SELECT count(*) FROM jobs j WHERE j.lab_id = l.id AND j.finished_at IS NULL) AS unfinished
      FROM labs l WHERE ($1::bigint IS NULL OR l.id = $1) AND ($2::bigint IS NULL OR l.id < $2)
      ORDER BY l.id DESC LIMIT $3
      """, id, before, limit
    ).map { row in
      LabRecord(
        id: try row.get("id"), name: try row.get("name"), createdAt: try row.get("created_at"),
        closedAt: try row.getIfPresent("closed_at"), pausedAt: try row.getIfPresent("paused_at"),
        users: try row.get("users"), unfinishedJobs: try row.get("unfinished"))
    }
  }
}
