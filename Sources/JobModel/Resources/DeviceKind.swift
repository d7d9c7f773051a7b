/// What a task computes on; quotas and shares are counted per kind.
public enum DeviceKind: String, Codable, Sendable, Equatable, Hashable, CaseIterable, Comparable {
  /// Counted in slots: one task is one unit.
  case cpu
  /// Counted in devices; a task that shares one counts as the part of its memory that it asks for.
  case cuda

  public static func < (a: DeviceKind, b: DeviceKind) -> Bool { a.rawValue < b.rawValue }
}
