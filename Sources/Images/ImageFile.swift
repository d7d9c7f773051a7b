/// PNG, JPEG, TIFF, WebP and BMP files, told apart by their content, as 8-bit RGB.
///
/// The result is the one Pillow gives for `ImageOps.exif_transpose(image)` followed by `convert("RGB")`, or,
/// where the file has transparency of any kind, by pasting the image over white:
/// - the orientation from EXIF (APP1; eXIf or a text profile in a PNG; a TIFF's tag), failing that from XMP, is
///   applied;
/// - grey of 16 bits and more is clipped at 255 (``RGBImage/isClipped``), other 16-bit samples keep their high byte;
/// - palettes with and without alpha, colour keys, grey, bilevel and interlaced PNGs;
/// - CMYK and YCCK JPEGs count as inverted, the way Adobe writes them; colour profiles are not applied;
/// - of a TIFF or a WebP with several pictures, the first.
///
/// A truncated file is an error, never a half-grey image.
public enum ImageFile {
  /// - Parameter ground: what shows where the picture is transparent.
  /// - Throws: `ImageError` for a file that is missing, too large, of another format, or broken.
  public static func decode(
    path: String, over ground: ImageGround = .white, limits: DecodeLimits = .standard
  ) throws -> RGBImage {
    try decode(
      bytes: FileBytes.read(path, atMost: limits.maximumFileBytes), name: path, over: ground, limits: limits)
  }

  /// The bytes of a file, or of an image that lies within one.
  /// - Parameter place: what is opened for the path, where that is one of ``FileName``.
  /// - Throws: `ImageError` for a file that is missing, too large, too short, or none.
  public static func bytes(
    path: String, at place: [CChar]? = nil, part: Range<Int>? = nil, limits: DecodeLimits = .standard
  ) throws -> [UInt8] {
    try FileBytes.read(path, at: place, part: part, atMost: limits.maximumFileBytes)
  }

  /// - Parameters:
  ///   - name: what errors call the image.
  ///   - ground: what shows where the picture is transparent.
  public static func decode(
    bytes: [UInt8], name: String, over ground: ImageGround = .white, limits: DecodeLimits = .standard
  ) throws -> RGBImage {
    let header = try ImageHeader(bytes, name: name)
    try header.check(limits, fileBytes: bytes.count, name: name)
    let stored = try Codec.decode(bytes, header: header, over: ground, name: name)
    var image = stored.turned(by: header.orientation)
    image.isClipped = header.isDeepGrey && image.pixels.contains(255)
    return image
  }

  /// The size `decode` would give, from the header alone; the pixels may still turn out to be broken.
  public static func orientedSize(path: String, limits: DecodeLimits = .standard) throws -> ImageSize {
    try orientedSize(bytes: FileBytes.read(path, atMost: limits.maximumFileBytes), name: path, limits: limits)
  }

  /// The size `decode` would give, from the header alone; the pixels may still turn out to be broken.
  public static func orientedSize(
    bytes: [UInt8], name: String, limits: DecodeLimits = .standard
  ) throws -> ImageSize {
    let header = try ImageHeader(bytes, name: name)
    try header.check(limits, fileBytes: bytes.count, name: name)
    return header.orientation.applied(to: header.size)
  }
}
