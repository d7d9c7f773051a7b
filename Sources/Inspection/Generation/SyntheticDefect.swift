#if canImport(Glibc)
  import Glibc
#endif

/// The kinds of defect the generator can draw.
public enum SyntheticDefect: String, CaseIterable, Sendable {
  case scratch, crack, stain, dent
  case missing = "missing_piece"

  /// The kind in words.
  public var words: String { self == .missing ? "missing piece" : rawValue }
}

/// One defect's geometry in pixels.
package struct DefectShape: Sendable {
  package var kind: SyntheticDefect
  package var x: Float, y: Float
  /// The radius of a stain, dent or missing piece; half the length of a scratch or crack.
  package var reach: Float
  /// The corners of a scratch or crack.
  package var path: [(x: Float, y: Float)] = []
  package var thickness: Float = 1
  /// The waviness of a round defect's border.
  package var lobes: [(amplitude: Float, phase: Float)] = []
  /// What a scratch, crack or stain paints, 0…1.
  package var colour: (Float, Float, Float) = (0, 0, 0)
  package var opacity: Float = 1
  /// The direction from which light falls into a dent.
  package var light: Float = 0

  /// Signed distance in pixels to the defect.
  package func distance(_ px: Float, _ py: Float) -> Float {
    switch kind {
    case .scratch, .crack:
      var nearest = Float.infinity
      for i in 1..<path.count {
        let a = path[i - 1]
        let b = path[i]
        let (dx, dy) = (b.x - a.x, b.y - a.y)
        let t = ((px - a.x) * dx + (py - a.y) * dy) / max(dx * dx + dy * dy, 1e-6)
        let clamped = max(0, min(1, t))
        nearest = min(nearest, length(px - a.x - clamped * dx, py - a.y - clamped * dy))
      }
      return nearest - thickness / 2
    case .stain, .missing, .dent:
      let angle = atan2(py - y, px - x)
      var radius = reach
      for (i, lobe) in lobes.enumerated() {
        radius += reach * lobe.amplitude * sin(angle * Float(i + 2) + lobe.phase)
      }
      return length(px - x, py - y) - radius
    }
  }
}
