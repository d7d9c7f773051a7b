/// Identifiers given by the database. All are positive and never used again.
public typealias LabID = Int64
public typealias UserID = Int64
public typealias TokenID = Int64
public typealias JobID = Int64
public typealias TaskID = Int64
/// One start of one worker process: a worker that restarts gets another session.
public typealias SessionID = Int64
/// The lease epoch of a task: it rises with every claim and every loss of a lease, never falls, and fences
/// every write made under the lease.
public typealias Epoch = Int64
/// Seconds since 1970 by the database's clock.
public typealias Timestamp = Double
