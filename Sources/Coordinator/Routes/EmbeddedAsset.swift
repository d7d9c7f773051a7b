import CAssets

/// A file of the repository that was built into the program.
enum EmbeddedAsset {
  /// - Parameter path: from the repository's root; nil when no such file was built in.
  static func bytes(_ path: String) -> [UInt8]? {
    for index in 0..<ar1_asset_count() {
      let asset = ar1_asset_at(index)
      if String(cString: asset.path) == path {
        return Array(UnsafeBufferPointer(start: asset.bytes, count: asset.count))
      }
    }
    return nil
  }
}
