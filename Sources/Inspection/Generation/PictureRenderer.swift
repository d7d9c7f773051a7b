import Images

#if canImport(Glibc)
  import Glibc
#endif

extension SyntheticPicture {
  /// Draws one picture; the same (seed, series, product, index, defect) gives the same pixels.
  ///
  /// - Parameters:
  ///   - series: names the part of a data set, such as "train"; different series share no picture.
  ///   - defect: the kind of defect to draw, nil for a good product.
  package static func draw(
    seed: UInt64, series: String, product: SyntheticProduct, index: Int, defect: SyntheticDefect?
  ) -> SyntheticPicture {
    var random = SeededRandom(
      seed: seed, name: "\(series)/\(product.rawValue)/\(defect?.rawValue ?? "good")", index: index)
    while true {
      if let picture = PictureRenderer(&random, product, defect).render(&random) { return picture }
    }
  }
}

/// Lays out one scene and paints it pixel by pixel.
private struct PictureRenderer {
  typealias Colour = (Float, Float, Float)
  let product: SyntheticProduct
  let colour: SyntheticColour
  let design: ProductDesign
  let body: Colour
  let background: Colour
  let isDark: Bool
  let exposure: Float
  let gradient: (x: Float, y: Float)
  let centre: (x: Float, y: Float)
  let scale: Float
  let cosine: Float
  let sine: Float
  let grain: NoiseField
  let speckle: NoiseField
  let fracture: NoiseField
  var shape: DefectShape?

  init(_ random: inout SeededRandom, _ product: SyntheticProduct, _ defect: SyntheticDefect?) {
    self.product = product
    colour = random.pick(SyntheticColour.allCases)
    design = product.design(&random)
    let base = colour.value
    let tone = random.uniform(0.85, 1.12)
    body = (
      base.0 * tone + random.uniform(-0.04, 0.04), base.1 * tone + random.uniform(-0.04, 0.04),
      base.2 * tone + random.uniform(-0.04, 0.04)
    )
    let ground = random.chance(0.5) ? random.uniform(0.06, 0.2) : random.uniform(0.84, 0.97)
    background = (
      ground + random.uniform(-0.04, 0.04), ground + random.uniform(-0.04, 0.04),
      ground + random.uniform(-0.04, 0.04)
    )
    isDark = random.chance(0.35)
    exposure = isDark ? random.uniform(0.5, 0.66) : random.uniform(0.86, 1.12)
    let slope = random.uniform(0, 0.0035)
    let towards = random.uniform(0, 2 * .pi)
    gradient = (slope * cos(towards), slope * sin(towards))
    let side = Float(SyntheticPicture.side)
    centre = (side / 2 + random.uniform(-4, 4), side / 2 + random.uniform(-4, 4))
    scale = random.uniform(30, 36)
    let angle = random.uniform(0, 2 * .pi)
    cosine = cos(angle)
    sine = sin(angle)
    grain = NoiseField(&random, cells: 10, amplitude: random.uniform(0, 0.035))
    speckle = NoiseField(
      &random, cells: SyntheticPicture.side, amplitude: random.uniform(0.005, 0.02))
    fracture = NoiseField(&random, cells: SyntheticPicture.side / 3, amplitude: 1)
    if let defect { shape = placedDefect(&random, defect) }
  }

  /// From pixels to the product's coordinates.
  func local(_ px: Float, _ py: Float) -> (x: Float, y: Float) {
    let dx = (px - centre.x) / scale
    let dy = (py - centre.y) / scale
    return (cosine * dx + sine * dy, cosine * dy - sine * dx)
  }

  /// Pixels from the material's border, negative inside.
  func materialDistance(_ px: Float, _ py: Float) -> Float {
    let p = local(px, py)
    return design.distance(p.x, p.y) * scale
  }

  func outlineDistance(_ px: Float, _ py: Float) -> Float {
    let p = local(px, py)
    return design.outline.distance(p.x, p.y) * scale
  }

  // MARK: Defects

  func placedDefect(_ random: inout SeededRandom, _ kind: SyntheticDefect) -> DefectShape? {
    let margin: Float = kind == .stain || kind == .dent ? -5 : -4
    guard let inside = pointInside(&random, margin: margin) else { return nil }
    var shape = DefectShape(kind: kind, x: inside.x, y: inside.y, reach: 0)
    switch kind {
    case .scratch:
      shape.reach = random.uniform(12, 18)
      shape.thickness = random.uniform(2.6, 3.8)
      let angle = random.uniform(0, 2 * .pi)
      let (dx, dy) = (cos(angle) * shape.reach, sin(angle) * shape.reach)
      shape.path = [(inside.x - dx, inside.y - dy), (inside.x + dx, inside.y + dy)]
      let lift = random.uniform(0.4, 0.55)
      shape.colour = (body.0 + lift, body.1 + lift, body.2 + lift)
      shape.opacity = 0.9
    case .crack:
      shape.reach = random.uniform(12, 17)
      shape.thickness = random.uniform(2.6, 3.6)
      let angle = random.uniform(0, 2 * .pi)
      let corners = 6
      for i in 0..<corners {
        let along = shape.reach * (2 * Float(i) / Float(corners - 1) - 1)
        let aside = (i % 2 == 0 ? 1 : -1) * random.uniform(1.5, 3.5)
        shape.path.append(
          (
            inside.x + cos(angle) * along - sin(angle) * aside,
            inside.y + sin(angle) * along + cos(angle) * aside
          ))
      }
      shape.colour = (body.0 * 0.08, body.1 * 0.08, body.2 * 0.08)
      shape.opacity = 0.95
    case .stain:
      shape.reach = random.uniform(7, 11)
      shape.lobes = lobes(&random, 0.14)
      let hues: [Colour] = [(0.5, 0.15, 0.6), (0.95, 0.5, 0.1), (0.1, 0.6, 0.6)]
      shape.colour = hues.max { contrast($0) < contrast($1) } ?? hues[0]
      let others = hues.filter { contrast($0) > 0.6 }
      if !others.isEmpty { shape.colour = random.pick(others) }
      shape.opacity = random.uniform(0.8, 0.95)
    case .dent:
      shape.reach = random.uniform(8, 11)
      shape.lobes = lobes(&random, 0.04)
      shape.light = random.uniform(0, 2 * .pi)
      shape.opacity = random.uniform(0.6, 0.8)
    case .missing:
      // Walks out of the material to its outer border.
      let angle = random.uniform(0, 2 * .pi)
      var (x, y) = (inside.x, inside.y)
      while outlineDistance(x, y) < -0.5 {
        x += cos(angle) * 0.5
        y += sin(angle) * 0.5
      }
      shape.reach = random.uniform(10, 14)
      shape.lobes = lobes(&random, 0.16)
      (shape.x, shape.y) = (x, y)
    }
    return shape
  }

  func pointInside(_ random: inout SeededRandom, margin: Float) -> (x: Float, y: Float)? {
    let side = Float(SyntheticPicture.side)
    for _ in 0..<400 {
      let x = random.uniform(6, side - 6)
      let y = random.uniform(6, side - 6)
      if materialDistance(x, y) < margin { return (x, y) }
    }
    return nil
  }

  func lobes(_ random: inout SeededRandom, _ amplitude: Float) -> [(amplitude: Float, phase: Float)] {
    (0..<3).map { _ in (random.uniform(0.3, 1) * amplitude, random.uniform(0, 2 * .pi)) }
  }

  func contrast(_ other: Colour) -> Float {
    abs(other.0 - body.0) + abs(other.1 - body.1) + abs(other.2 - body.2)
  }

  // MARK: Painting

  /// Paints the scene; nil when the lots put a defect where it hardly shows.
  func render(_ random: inout SeededRandom) -> SyntheticPicture? {
    let side = SyntheticPicture.side
    var pixels = [UInt8](repeating: 0, count: side * side * 3)
    var mask = pixels
    var marked = 0
    var sum = (x: 0, y: 0)
    for row in 0..<side {
      for column in 0..<side {
        let (px, py) = (Float(column) + 0.5, Float(row) + 0.5)
        let material = coverage(materialDistance(px, py))
        var value = mix(background, surface(px, py), material)
        var hit: Float = 0
        if let shape {
          hit = coverage(shape.distance(px, py)) * material
          value = paint(shape, over: value, px, py, hit, material)
        }
        if hit > 0.5 {
          marked += 1
          sum.x += column
          sum.y += row
        }
        let at = (row * side + column) * 3
        let light =
          exposure * (1 + gradient.x * (px - Float(side) / 2) + gradient.y * (py - Float(side) / 2))
        let noise = speckle.at(px, py)
        pixels[at] = byte(value.0 * light + noise)
        pixels[at + 1] = byte(value.1 * light + noise)
        pixels[at + 2] = byte(value.2 * light + noise)
        if hit > 0.5 { for channel in 0..<3 { mask[at + channel] = 255 } }
      }
    }
    if shape != nil && marked < 36 { return nil }
    var location: String?
    if marked > 0 {
      let third = side / 3
      let cell = min(2, sum.y / marked / third) * 3 + min(2, sum.x / marked / third)
      location = SyntheticPicture.locations[cell]
    }
    return SyntheticPicture(
      product: product, colour: colour, isDark: isDark, defect: shape?.kind, location: location,
      image: RGBImage(width: side, height: side, pixels: pixels),
      mask: RGBImage(width: side, height: side, pixels: mask))
  }

  /// The good product's surface: grain, bevel, grooves and prints.
  func surface(_ px: Float, _ py: Float) -> Colour {
    let p = local(px, py)
    let inside = -design.distance(p.x, p.y) * scale
    var shade = 1 + grain.at(px, py)
    // The rim is darker, as a bevel is.
    if inside < 2 { shade *= 0.82 }
    for groove in design.grooves {
      let away = abs(groove.outline.distance(p.x, p.y) - groove.offset) * scale - 0.6
      shade *= 1 - 0.3 * coverage(away)
    }
    for print in design.prints {
      shade *= 1 - 0.5 * coverage(print.distance(p.x, p.y) * scale)
    }
    return (body.0 * shade, body.1 * shade, body.2 * shade)
  }

  func paint(
    _ shape: DefectShape, over value: Colour, _ px: Float, _ py: Float, _ hit: Float, _ material: Float
  ) -> Colour {
    switch shape.kind {
    case .crack, .stain:
      return mix(value, shape.colour, hit * shape.opacity)
    case .scratch:
      // The burr beside a scratch lies in shadow.
      let burr = 1 - 0.5 * material * coverage(shape.distance(px, py) - 1.4)
      return mix((value.0 * burr, value.1 * burr, value.2 * burr), shape.colour, hit * shape.opacity)
    case .missing:
      // Along the break the raw, grainy inside of the material shows.
      let broken = coverage(-4 - shape.distance(px, py))
      let shade: Float = fracture.at(px, py) > 0 ? 1.7 : 0.3
      let raw = mix(background, (body.0 * shade, body.1 * shade, body.2 * shade), 0.9)
      return mix(value, mix(background, raw, broken), hit)
    case .dent:
      // A hollow: its wall towards the light is in shadow, the opposite wall is lit.
      let along = ((px - shape.x) * cos(shape.light) + (py - shape.y) * sin(shape.light)) / shape.reach
      let shade = 1 + hit * shape.opacity * max(-1, min(1, 1.6 * along))
      return (value.0 * shade, value.1 * shade, value.2 * shade)
    }
  }

  func coverage(_ distance: Float) -> Float { max(0, min(1, 0.5 - distance)) }

  func mix(_ a: Colour, _ b: Colour, _ share: Float) -> Colour {
    (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share, a.2 + (b.2 - a.2) * share)
  }

  func byte(_ value: Float) -> UInt8 { UInt8(max(0, min(255, (value * 255).rounded()))) }
}

/// Noise that varies smoothly between random values on a square grid over the picture.
private struct NoiseField {
  let cells: Int
  let values: [Float]

  init(_ random: inout SeededRandom, cells: Int, amplitude: Float) {
    self.cells = cells
    values = (0..<(cells + 1) * (cells + 1)).map { _ in random.normal() * amplitude }
  }

  func at(_ px: Float, _ py: Float) -> Float {
    let step = Float(cells) / Float(SyntheticPicture.side)
    let (x, y) = (px * step, py * step)
    let (column, row) = (min(Int(x), cells - 1), min(Int(y), cells - 1))
    let (fx, fy) = (x - Float(column), y - Float(row))
    let at = row * (cells + 1) + column
    let above = values[at] + (values[at + 1] - values[at]) * fx
    let below = values[at + cells + 1] + (values[at + cells + 2] - values[at + cells + 1]) * fx
    return above + (below - above) * fy
  }
}
