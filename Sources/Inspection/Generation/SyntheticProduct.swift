/// The classes of product the generator can draw.
///
/// The first group is the demonstration's; a base model that has only learnt to speak is taught on pictures
/// of the second group alone.
public enum SyntheticProduct: String, CaseIterable, Sendable {
  case washer, gear, chip, bracket
  case coin, tile, nut, plate, pill, badge, cross, button, knob, comb

  /// The classes of the demonstration's data set.
  public static let demonstration: [SyntheticProduct] = [.washer, .gear, .chip, .bracket]
  /// The other classes, on which a base model learns to describe pictures.
  public static let others: [SyntheticProduct] = [
    .coin, .tile, .nut, .plate, .pill, .badge, .cross, .button, .knob, .comb,
  ]
}

/// How one product is drawn: its outline, and the holes, grooves and prints that belong to it.
package struct ProductDesign: Sendable {
  package var outline: Outline
  /// Openings that show the background and belong to a good product.
  package var holes: [Outline] = []
  /// Lines at a distance from an outline, engraved into a good product.
  package var grooves: [(outline: Outline, offset: Float)] = []
  /// Flat printed marks of a good product.
  package var prints: [Outline] = []

  /// The distance to the material: outside the outline or inside a hole is positive.
  package func distance(_ x: Float, _ y: Float) -> Float {
    holes.reduce(outline.distance(x, y)) { max($0, -$1.distance(x, y)) }
  }
}

extension SyntheticProduct {
  /// Draws lots for the proportions that vary among good products of the class.
  package func design(_ random: inout SeededRandom) -> ProductDesign {
    switch self {
    case .washer:
      var design = ProductDesign(outline: .circle(x: 0, y: 0, radius: 0.95))
      design.holes = [.circle(x: 0, y: 0, radius: random.uniform(0.28, 0.38))]
      return design
    case .gear:
      let teeth = 7 + random.below(4)
      var design = ProductDesign(outline: .gear(teeth: teeth, radius: 0.86, depth: 0.1))
      design.holes = [.circle(x: 0, y: 0, radius: random.uniform(0.15, 0.24))]
      if random.chance(0.5) {
        design.grooves = [(.circle(x: 0, y: 0, radius: 0), random.uniform(0.42, 0.5))]
      }
      return design
    case .chip:
      var parts = [Outline.box(x: 0, y: 0, halfWidth: 0.78, halfHeight: 0.78, corner: 0.05)]
      for pin in 0..<4 {
        let y = -0.54 + 0.36 * Float(pin)
        parts.append(.box(x: 0, y: y, halfWidth: 0.98, halfHeight: 0.07, corner: 0.01))
      }
      var design = ProductDesign(outline: .union(parts))
      design.prints = [.circle(x: -0.55, y: -0.55, radius: 0.09)] + printedBars(&random, width: 0.3)
      return design
    case .bracket:
      let arm = random.uniform(0.33, 0.4)
      var design = ProductDesign(
        outline: .union([
          .box(x: -0.8 + arm, y: 0, halfWidth: arm, halfHeight: 0.9, corner: 0.08),
          .box(x: 0, y: 0.9 - arm, halfWidth: 0.85, halfHeight: arm, corner: 0.08),
        ]))
      design.holes = [
        .circle(x: -0.8 + arm, y: -0.58, radius: 0.14),
        .circle(x: 0.55, y: 0.9 - arm, radius: 0.14),
      ]
      return design
    case .coin:
      var design = ProductDesign(outline: .circle(x: 0, y: 0, radius: 0.95))
      design.grooves = [(.circle(x: 0, y: 0, radius: 0), random.uniform(0.72, 0.8))]
      design.prints = printedBars(&random, width: 0.3)
      return design
    case .tile:
      var design = ProductDesign(
        outline: .box(x: 0, y: 0, halfWidth: 0.82, halfHeight: 0.82, corner: 0.1))
      design.grooves = [
        (.box(x: 0, y: 0, halfWidth: 0.6, halfHeight: 0.6, corner: 0.05), random.uniform(0, 0.05))
      ]
      return design
    case .nut:
      var design = ProductDesign(outline: .polygon(sides: 6, radius: 1))
      design.holes = [.circle(x: 0, y: 0, radius: random.uniform(0.32, 0.45))]
      return design
    case .plate:
      let height = random.uniform(0.5, 0.62)
      var design = ProductDesign(
        outline: .box(x: 0, y: 0, halfWidth: 0.98, halfHeight: height, corner: 0.1))
      design.holes = [
        .circle(x: -0.76, y: 0, radius: random.uniform(0.1, 0.15)),
        .circle(x: 0.76, y: 0, radius: random.uniform(0.1, 0.15)),
      ]
      if random.chance(0.5) { design.prints = printedBars(&random, width: 0.25) }
      return design
    case .pill:
      var design = ProductDesign(
        outline: .ellipse(halfWidth: 0.98, halfHeight: random.uniform(0.55, 0.7)))
      design.prints = [.box(x: 0, y: 0, halfWidth: 0.04, halfHeight: 0.4, corner: 0)]
      return design
    case .badge:
      var design = ProductDesign(outline: .polygon(sides: 8, radius: 0.98))
      design.prints = printedBars(&random, width: 0.4)
      return design
    case .cross:
      let arm = random.uniform(0.34, 0.42)
      var design = ProductDesign(
        outline: .union([
          .box(x: 0, y: 0, halfWidth: 0.95, halfHeight: arm, corner: 0.08),
          .box(x: 0, y: 0, halfWidth: arm, halfHeight: 0.95, corner: 0.08),
        ]))
      if random.chance(0.5) { design.holes = [.circle(x: 0, y: 0, radius: 0.16)] }
      return design
    case .button:
      var design = ProductDesign(outline: .circle(x: 0, y: 0, radius: 0.9))
      let apart = random.uniform(0.2, 0.27)
      design.holes = [(-1, -1), (-1, 1), (1, -1), (1, 1)].map { (x: Int, y: Int) in
        .circle(x: Float(x) * apart, y: Float(y) * apart, radius: 0.1)
      }
      if random.chance(0.5) { design.grooves = [(.circle(x: 0, y: 0, radius: 0), 0.7)] }
      return design
    case .knob:
      var design = ProductDesign(
        outline: .gear(teeth: 4 + random.below(3), radius: 0.8, depth: random.uniform(0.1, 0.16)))
      design.prints = [.circle(x: 0, y: 0, radius: random.uniform(0.1, 0.18))]
      return design
    case .comb:
      var parts = [Outline.box(x: 0, y: -0.45, halfWidth: 0.95, halfHeight: 0.4, corner: 0.05)]
      for tooth in 0..<5 {
        let x = -0.8 + 0.4 * Float(tooth)
        parts.append(.box(x: x, y: 0.3, halfWidth: 0.11, halfHeight: 0.5, corner: 0.03))
      }
      var design = ProductDesign(outline: .union(parts))
      if random.chance(0.5) { design.holes = [.circle(x: 0.65, y: -0.45, radius: 0.13)] }
      return design
    }
  }

  /// Two or three printed bars, as of a line of writing.
  private func printedBars(_ random: inout SeededRandom, width: Float) -> [Outline] {
    let count = 2 + random.below(2)
    return (0..<count).map { row in
      let y = (Float(row) - Float(count - 1) / 2) * 0.2
      return .box(
        x: 0, y: y, halfWidth: width * random.uniform(0.6, 1), halfHeight: 0.045, corner: 0)
    }
  }
}
