import Digests
import Randomness

#if canImport(Glibc)
  import Glibc
#endif

/// A reproducible source of randomness for everything that is drawn by lot: pictures, splits, orders of options,
/// resampled tables. It is seeded from words such as (seed, product, index), never from the clock.
///
/// The sequence is SplitMix64's; what is drawn depends on its own words alone and not on what was drawn before it.
package struct SeededRandom: Sendable {
  private var sequence = SplitMix64(seed: 0x9E37_79B9_7F4A_7C15)

  package init(_ words: [UInt64]) {
    for word in words {
      sequence = SplitMix64(seed: sequence.state ^ word &* 0xD6E8_FEB8_6659_FD93)
      _ = next()
    }
  }

  /// Seeds from a run's seed, a name and an index.
  package init(seed: UInt64, name: String, index: Int) {
    self.init([seed, FNV1a(name).value, UInt64(bitPattern: Int64(index))])
  }

  package mutating func next() -> UInt64 { sequence.next() }

  /// A number in 0 ..< 1.
  package mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

  package mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

  package mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  package mutating func chance(_ probability: Float) -> Bool { unit() < probability }

  package mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

  /// A normally distributed number of mean 0 and deviation 1 (Box–Muller).
  package mutating func normal() -> Float {
    let radius = sqrt(-2 * log(max(unit(), 1e-7)))
    return radius * cos(2 * .pi * unit())
  }

  package mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for i in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(i, below(i + 1)) }
    return result
  }
}
