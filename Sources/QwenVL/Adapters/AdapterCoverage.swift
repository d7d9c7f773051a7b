import ModelFiles
import OrderedJSON

/// Which projections the settings of a PEFT adapter name: what the weights' file has to hold, so that a loss is told
/// from an adapter that was made for some of the layers.
///
/// Where they name them by a pattern, the weights' file alone says what is adapted.
struct AdapterCoverage {
  /// Ends of names, or whole names; nil where a pattern stands instead.
  private let targets: [String]?
  private let excluded: [String]
  /// nil: all of them.
  private let layers: Set<Int>?

  init(_ reader: SettingsReader) throws {
    func names(_ key: String) -> [String]? { reader.value(key)?.array?.compactMap(\.string) }
    // A pattern may leave out anything, and so may layers that are found another way.
    let isCertain = reader.value("exclude_modules")?.string == nil && !reader.has("layers_pattern")
    targets = isCertain ? names("target_modules") : nil
    excluded = names("exclude_modules") ?? []
    let chosen =
      if let one = reader.value("layers_to_transform"), one.array == nil {
        [try reader.whole("layers_to_transform", one, atLeast: 0)]
      } else {
        try reader.wholes("layers_to_transform") ?? []
      }
    layers = chosen.isEmpty ? nil : Set(chosen)
  }

  /// Whether the settings surely name a projection of the decoder.
  ///
  /// - Parameter names: what it is called, now and in adapters of earlier versions.
  func names(_ names: [String], layer: Int) -> Bool {
    guard let targets else { return false }
    func isAmong(_ ends: [String]) -> Bool {
      names.contains { name in ends.contains { name == $0 || name.hasSuffix("." + $0) } }
    }
    guard isAmong(targets), !isAmong(excluded) else { return false }
    // A whole name stands whatever the layers say.
    return layers?.contains(layer) ?? true || names.contains(where: targets.contains)
  }
}
