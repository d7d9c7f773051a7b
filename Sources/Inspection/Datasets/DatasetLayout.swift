/// A way in which a data set lies on a disk.
public protocol DatasetLayout: Sendable {
  /// The name in reports and on command lines.
  var name: String { get }
  /// What `ar1 data check` looks for, in a few words.
  var form: String { get }
  /// How many pictures the published data set has; `nil` where it has no fixed size.
  var published: PublishedSize? { get }

  /// Whether a folder or file looks like it, from a few names in it alone.
  /// - Throws: ``DatasetError`` for a folder that cannot be looked into.
  func recognises(_ path: String) throws(DatasetError) -> Bool
  /// Reads what is there; pictures are not opened.
  /// - Throws: ``DatasetError`` naming the file and the reason.
  func read(_ path: String) throws(DatasetError) -> Dataset
}

/// The numbers of pictures its authors state for a data set.
public struct PublishedSize: Sendable, Equatable {
  /// The data set's name.
  public let title: String
  public let categories: Int
  public let train: Int
  public let validation: Int
  public let testGood: Int
  public let testDefective: Int
}

/// One number of a copy beside the published one.
public struct PublishedCount: Sendable, Equatable {
  public let what: String
  public let found, published: Int
  public var agrees: Bool { found == published }
}

/// Every layout the program reads, the more particular ones first.
public enum DatasetCatalogue {
  public static let layouts: [any DatasetLayout] = [
    MMADLayout(), VisADownload(), MVTec3D(), MVTecLOCO(), GoodsAD(), VisASplit(), MVTecAD(), RefCOCO(),
    InstructionRows(), PlainFolder(),
  ]

  public static func layout(named name: String) -> (any DatasetLayout)? {
    layouts.first { $0.name == name }
  }

  /// Reads a data set of any layout.
  /// - Throws: ``DatasetError`` when the path is missing, looks like nothing known, or cannot be read.
  public static func open(_ path: String) throws(DatasetError) -> Dataset {
    try layout(of: path).read(path)
  }

  public static func layout(of path: String) throws(DatasetError) -> any DatasetLayout {
    guard try DatasetFolder.exists(path) else {
      throw DatasetError(message: "\(path): no such file or folder")
    }
    for layout in layouts where try layout.recognises(path) { return layout }
    throw DatasetError(
      message: "\(path) is no data set that is known here; known are: "
        + layouts.map { "\($0.name) (\($0.form))" }.joined(separator: "; "))
  }
}
