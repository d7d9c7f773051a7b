import Foundation
import Tensors
import Testing

@Suite struct LogitScanTests {
  @Test("the highest logit is the first of the largest, whatever else the row holds")
  func highest() {
    func highest(_ row: [Float]) -> Int { row.withUnsafeBufferPointer { LogitScan.highest($0).id } }
    var row = [Float](repeating: -3, count: 1003)
    row[700] = 2
    row[701] = 2
    row[1002] = .nan
    #expect(highest(row) == 700)
    #expect(highest([-.infinity, -5, -.infinity]) == 1)
    let none: [Float] = [.nan, .nan]
    #expect(none.withUnsafeBufferPointer { LogitScan.highest($0).logit } == -.infinity)
  }

  @Test("sums of exponentials are those of double precision, over a whole vocabulary")
  func exponentials() {
    var n = Numbers(61)
    let row = n.array(151_936).map { 8 * $0 }
    func plain(scale: Double) -> Double {
      row.reduce(0.0) { (sum: Double, logit: Float) -> Double in
        sum + Foundation.exp((Double(logit) - 5) * scale)
      }
    }
    var weights = [Float](repeating: 0, count: row.count)
    row.withUnsafeBufferPointer { row in
      let sum = LogitScan.sumOfExponentials(row, minus: 5)
      #expect(abs(sum / plain(scale: 1) - 1) < 1e-6)
      weights.withUnsafeMutableBufferPointer {
        #expect(LogitScan.sumOfExponentials(row, minus: 5, keeping: $0) == sum)
      }
    }
    let kept = weights.reduce(0.0) { (sum: Double, weight: Float) -> Double in sum + Double(weight) }
    #expect(abs(kept / plain(scale: 1) - 1) < 1e-6)
    let scaled = row.withUnsafeBufferPointer { LogitScan.sumOfExponentials($0, minus: 5, scale: 0.5) }
    #expect(abs(scaled / plain(scale: 0.5) - 1) < 1e-6)
  }
}
