/// What a file says about itself before its pixels: format, stored size and orientation.
struct ImageHeader {
  enum Format {
    case png, jpeg, tiff, webp
    case bmp(BMPHeader)
  }

  let format: Format
  let size: ImageSize
  let orientation: Orientation
  /// Grey of more than 8 bits, which is clipped and not scaled.
  private(set) var isDeepGrey = false

  init(_ bytes: [UInt8], name: String) throws {
    if bytes.starts(with: PNGHeader.signature) {
      let header = try PNGHeader(bytes, name: name)
      format = .png
      size = header.size
      orientation = header.profiles.orientation
      isDeepGrey = header.isDeepGrey
    } else if bytes.starts(with: JPEGHeader.signature) {
      let header = try JPEGHeader(bytes, name: name)
      format = .jpeg
      size = header.size
      orientation = header.profiles.orientation
    } else if TIFFHeader.signatures.contains(where: { bytes.starts(with: $0) }) {
      let header = try TIFFHeader(bytes, name: name)
      format = .tiff
      size = header.size
      orientation = header.orientation
      isDeepGrey = header.isDeepGrey
    } else if WebPHeader.isSignature(of: bytes) {
      let header = try WebPHeader(bytes, name: name)
      format = .webp
      size = header.size
      orientation = header.profiles.orientation
    } else if bytes.starts(with: BMPHeader.signature) {
      let header = try BMPHeader(bytes, name: name)
      format = .bmp(header)
      size = header.size
      orientation = .upright
    } else {
      throw ImageError(
        name: name,
        reason: bytes.isEmpty ? "is empty" : "is no PNG, JPEG, TIFF, WebP or BMP, by its first bytes")
    }
    guard size.width > 0, size.height > 0 else {
      throw ImageError(name: name, reason: "states a size of \(size)")
    }
  }

  func check(_ limits: DecodeLimits, fileBytes: Int, name: String) throws {
    guard fileBytes <= limits.maximumFileBytes else {
      throw ImageError(
        name: name, reason: "has \(fileBytes) bytes, more than the \(limits.maximumFileBytes) allowed")
    }
    let (pixels, overflow) = size.width.multipliedReportingOverflow(by: size.height)
    guard !overflow, pixels <= limits.maximumPixels else {
      throw ImageError(
        name: name, reason: "is \(size), more than the \(limits.maximumPixels) pixels allowed")
    }
  }
}

extension [UInt8] {
  /// A big-endian number; the caller has checked that the bytes are there.
  func bigEndian(at offset: Int, count: Int) -> Int {
    self[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
  }

  /// A little-endian number; the caller has checked that the bytes are there.
  func littleEndian(at offset: Int, count: Int) -> Int {
    self[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
