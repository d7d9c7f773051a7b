public import JobModel
import PostgresClient

extension JobStore {
  /// Files that readers may trust, in the order of their paths; of a path that several jobs wrote, the newest.
  /// - Parameter path: only paths after this one, for the next page.
  public func announcedFiles(after path: String?, limit: Int = 1_000) async throws -> [Artifact] {
    try await pool.run { session in
      try session.execute(
        """
        SELECT DISTINCT ON (path) path, sha256, bytes, lease_epoch, kind FROM artifacts
        WHERE path > coalesce($1, '') ORDER BY path, id DESC LIMIT $2
        """, path, limit
      ).map { row in
        Artifact(
          path: try row.get("path"), sha256: try row.get("sha256"), bytes: try row.get("bytes"),
          epoch: try row.get("lease_epoch"), kind: try row.get("kind"))
      }
    }
  }
}
