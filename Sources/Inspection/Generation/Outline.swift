#if canImport(Glibc)
  import Glibc
#endif

/// Outlines of products as signed distances (negative inside) in the product's own coordinates, where a
/// product reaches about from −1 to 1.
package indirect enum Outline: Sendable {
  case circle(x: Float, y: Float, radius: Float)
  case box(x: Float, y: Float, halfWidth: Float, halfHeight: Float, corner: Float)
  case polygon(sides: Int, radius: Float)
  case ellipse(halfWidth: Float, halfHeight: Float)
  case gear(teeth: Int, radius: Float, depth: Float)
  case union([Outline])

  package func distance(_ x: Float, _ y: Float) -> Float {
    switch self {
    case .circle(let cx, let cy, let radius):
      return length(x - cx, y - cy) - radius
    case .box(let cx, let cy, let halfWidth, let halfHeight, let corner):
      let dx = abs(x - cx) - halfWidth + corner
      let dy = abs(y - cy) - halfHeight + corner
      return length(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - corner
    case .polygon(let sides, let radius):
      // Folds the plane into one sector, where the side is a vertical line.
      let sector = 2 * Float.pi / Float(sides)
      let angle = atan2(y, x)
      let folded = angle - sector * (angle / sector).rounded()
      return length(x, y) * cos(folded) - radius * cos(sector / 2)
    case .ellipse(let halfWidth, let halfHeight):
      let scaled = length(x / halfWidth, y / halfHeight)
      let steepness = length(x / (halfWidth * halfWidth), y / (halfHeight * halfHeight))
      return steepness > 0 ? scaled * (scaled - 1) / steepness : -min(halfWidth, halfHeight)
    case .gear(let teeth, let radius, let depth):
      let wave = sin(atan2(y, x) * Float(teeth))
      return length(x, y) - radius - depth * max(-1, min(1, 3 * wave))
    case .union(let parts):
      return parts.reduce(Float.infinity) { min($0, $1.distance(x, y)) }
    }
  }
}

/// Euclidean length of (x, y).
package func length(_ x: Float, _ y: Float) -> Float { (x * x + y * y).squareRoot() }
