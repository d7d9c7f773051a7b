import ArgumentParser
import Inspection

/// A threshold on a command line: a probability, or the file that `ar1 calibrate` wrote.
struct ThresholdArgument: ExpressibleByArgument {
  let value: Double

  init?(argument: String) {
    if let number = Double(argument), (0...1).contains(number) {
      value = number
    } else if let stored = try? DefectThreshold(path: argument) {
      value = stored.value
    } else {
      return nil
    }
  }
}
