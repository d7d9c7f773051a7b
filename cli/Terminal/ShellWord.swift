/// Words of a command line that people copy from what is printed.
enum ShellWord {
  /// The word in quotes where a shell would take it for something else.
  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 65...90, 97...122, 37, 43...47, 58, 61, 64, 95: true
      default: false
      }
    }
    return plain && !word.isEmpty
      ? word
      : "'"
        + word.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: #"'\''"#) + "'"
  }
}
