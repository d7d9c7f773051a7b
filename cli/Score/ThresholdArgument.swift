import ArgumentParser
import Inspection

/// A threshold on a command line: a probability, or the file that `ar1 calibrate` wrote.
enum ThresholdArgument {
  @Sendable static func value(_ argument: String) throws -> Double {
    if let number = Double(argument) {
      guard (0...1).contains(number) else {
        throw ValidationError("'\(argument)' is no probability from 0 to 1")
      }
      return number
    }
    do {
      return try DefectThreshold(path: argument).value
    } catch {
      throw ValidationError("'\(argument)' is neither a probability nor a file of 'ar1 calibrate': \(error)")
    }
  }
}
