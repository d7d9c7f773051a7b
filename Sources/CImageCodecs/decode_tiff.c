// TIFF to RGB. libtiff unpacks strips and tiles to samples as they are stored; what becomes of depths, palettes,
// inks and transparency is decided here, because it has to be what Pillow makes of them.
#include "CImageCodecs.h"
#include "rounding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

// No strip, tile or table of a file may take more memory at once than this.
enum { most_bytes_at_once = 2047 << 20, most_samples = 8 };

typedef struct {
  const uint8_t *bytes;
  toff_t count, position;
  char *reason;
  int has_reason;
} source;

typedef enum { opaque, straight, premultiplied } transparency;

typedef struct {
  uint32_t width, height;
  uint16_t photometric, bits, samples, kind, planes;
  transparency alpha;
  uint8_t ground;  // what shows where the picture is transparent
  const uint16_t *red, *green, *blue;  // of a palette
} pixel_format;

static tmsize_t read_bytes(thandle_t handle, void *into, tmsize_t count) {
  source *from = handle;
  toff_t left = from->position < from->count ? from->count - from->position : 0;
  if (count < 0) return 0;
  if ((toff_t)count > left) count = (tmsize_t)left;
  memcpy(into, from->bytes + from->position, (size_t)count);
  from->position += (toff_t)count;
  return count;
}

static tmsize_t write_bytes(thandle_t handle, void *bytes, tmsize_t count) {
  (void)handle, (void)bytes, (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int from_where) {
  source *from = handle;
  if (from_where == SEEK_CUR) offset += from->position;
  if (from_where == SEEK_END) offset += from->count;
  return from->position = offset;
}

static int close_source(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_of(thandle_t handle) { return ((source *)handle)->count; }

static int map(thandle_t handle, void **base, toff_t *count) {
  source *from = handle;
  *base = (void *)from->bytes;
  *count = from->count;
  return 1;
}

static void unmap(thandle_t handle, void *base, toff_t count) { (void)handle, (void)base, (void)count; }

// The first complaint is the cause, later ones are its consequences.
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)module;
  source *from = user;
  if (!from->has_reason) {
    int used = snprintf(from->reason, IMAGE_REASON_SIZE, "is not a readable TIFF: ");
    vsnprintf(from->reason + used, (size_t)(IMAGE_REASON_SIZE - used), format, arguments);
    from->has_reason = 1;
  }
  return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
  return 1;
}

static int fail(source *from, const char *reason) {
  if (!from->has_reason) snprintf(from->reason, IMAGE_REASON_SIZE, "%s", reason);
  from->has_reason = 1;
  return 1;
}

static TIFF *open_tiff(source *from) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (options == NULL) {
    fail(from, "could not be decoded: out of memory");
    return NULL;
  }
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, most_bytes_at_once);
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, from);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, from);
  TIFF *tiff = TIFFClientOpenExt(
      "image", "r", from, read_bytes, write_bytes, seek, close_source, size_of, map, unmap, options);
  TIFFOpenOptionsFree(options);
  if (tiff == NULL) fail(from, "is not a readable TIFF: its first directory is broken");
  return tiff;
}

int image_read_tiff_header(
    const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height, int *orientation, int *deep_grey,
    char *reason) {
  source from = {.bytes = bytes, .count = count, .reason = reason};
  TIFF *tiff = open_tiff(&from);
  if (tiff == NULL) return 1;
  uint16_t turned = 1, bits = 1, samples = 1;
  int status = 0;
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, width) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, height))
    status = fail(&from, "is not a readable TIFF: it states no size");
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &turned);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  *orientation = turned;
  *deep_grey = bits > 8 && samples == 1;
  TIFFClose(tiff);
  return status;
}

/// - Parameter converted: the codec turns YCbCr into RGB, which the tags do not say.
static int read_format(TIFF *tiff, source *from, int converted, pixel_format *format) {
  uint16_t extra_count = 0;
  const uint16_t *extras = NULL;
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &format->photometric))
    format->photometric = PHOTOMETRIC_MINISWHITE;
  if (converted) format->photometric = PHOTOMETRIC_RGB;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &format->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &format->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format->kind);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &format->planes);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extras);

  int colors;
  switch (format->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK: colors = 1; break;
    case PHOTOMETRIC_PALETTE:
      colors = 1;
      if (format->bits > 8 || format->samples != 1)
        return fail(from, "is a TIFF with a palette of more than 256 colours or with transparency");
      if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &format->red, &format->green, &format->blue))
        return fail(from, "is not a readable TIFF: its palette is missing");
      break;
    case PHOTOMETRIC_RGB: colors = 3; break;
    case PHOTOMETRIC_SEPARATED: colors = 4; break;
    default:
      snprintf(
          from->reason, IMAGE_REASON_SIZE,
          "is a TIFF with colours of kind %d; grey, RGB, YCbCr, CMYK and palettes can be read",
          format->photometric);
      from->has_reason = 1;
      return 1;
  }
  if (format->samples < colors || format->samples > most_samples)
    return fail(from, "is not a readable TIFF: its number of samples per pixel does not fit its colours");
  // Four samples of RGB without a word on the fourth are taken for RGBA.
  if (colors == 3 && format->samples == 4 && extra_count == 0) format->alpha = straight;
  if (colors != 4 && extra_count > 0 && extras != NULL && format->samples > colors) {
    if (extras[0] == EXTRASAMPLE_ASSOCALPHA) format->alpha = premultiplied;
    if (extras[0] == EXTRASAMPLE_UNASSALPHA || extras[0] == 999) format->alpha = straight;
  }
  switch (format->bits) {
    case 1:
    case 2:
    case 4: if (format->samples == 1) return 0; break;
    case 8: return 0;
    case 16: if (format->photometric != PHOTOMETRIC_PALETTE) return 0; break;
    case 32: if (colors == 1 && format->samples == 1) return 0; break;
    default: break;
  }
  snprintf(
      from->reason, IMAGE_REASON_SIZE, "is a TIFF of %d samples of %d bits, which cannot be read",
      format->samples, format->bits);
  from->has_reason = 1;
  return 1;
}

// Unmapped values of a grey picture's sample: whole or not, clipped to a byte.
static inline uint8_t clipped(double value) {
  return value >= 255 ? 255 : value > 0 ? (uint8_t)value : 0;
}

// The 8-bit value of sample `index` of a row. Colours of 16 bits keep their high byte, a single grey channel is
// clipped, as Pillow's mode I;16 is.
static inline uint8_t sample_of(const pixel_format *format, const uint8_t *row, size_t index) {
  switch (format->bits) {
    case 1: return (uint8_t)((row[index >> 3] >> (7 - (index & 7))) & 1);
    case 2: return (uint8_t)((row[index >> 2] >> (6 - 2 * (index & 3))) & 3);
    case 4: return (uint8_t)((row[index >> 1] >> (4 - 4 * (index & 1))) & 15);
    case 8: return row[index];
    case 16: {
      uint16_t value;
      memcpy(&value, row + 2 * index, 2);
      if (format->samples > 1) return (uint8_t)(value >> 8);
      return format->kind == SAMPLEFORMAT_INT ? clipped((int16_t)value) : value > 255 ? 255 : (uint8_t)value;
    }
    default:
      if (format->kind == SAMPLEFORMAT_IEEEFP) {
        float value;
        memcpy(&value, row + 4 * index, 4);
        return clipped(value);
      } else {
        int32_t value;
        memcpy(&value, row + 4 * index, 4);
        return clipped(value);
      }
  }
}

static inline uint8_t unmultiplied(uint8_t value, uint8_t alpha) {
  if (alpha == 0) return 0;
  const int scaled = 255 * value / alpha;
  return scaled > 255 ? 255 : (uint8_t)scaled;
}

static void put(const pixel_format *format, const uint8_t *s, uint8_t *rgb) {
  uint8_t colors[3];
  int alpha_at = 3;
  switch (format->photometric) {
    case PHOTOMETRIC_PALETTE:
      rgb[0] = (uint8_t)(format->red[s[0]] >> 8);
      rgb[1] = (uint8_t)(format->green[s[0]] >> 8);
      rgb[2] = (uint8_t)(format->blue[s[0]] >> 8);
      return;
    case PHOTOMETRIC_SEPARATED: {
      const uint8_t white = (uint8_t)(255 - s[3]);
      for (int i = 0; i < 3; i++) rgb[i] = (uint8_t)(white - divide_by_255((uint32_t)s[i] * white));
      return;
    }
    case PHOTOMETRIC_RGB: memcpy(colors, s, 3); break;
    default: {
      const uint8_t scale = format->bits == 1 ? 255 : format->bits == 2 ? 85 : format->bits == 4 ? 17 : 1;
      uint8_t grey = (uint8_t)(s[0] * scale);
      // Pillow leaves the wider ones as they are, whatever their zero means.
      if (format->photometric == PHOTOMETRIC_MINISWHITE && format->bits <= 8) grey = (uint8_t)(255 - grey);
      memset(colors, grey, 3);
      alpha_at = 1;
    }
  }
  for (int i = 0; i < 3; i++) {
    switch (format->alpha) {
      case opaque: rgb[i] = colors[i]; break;
      case straight: rgb[i] = over(format->ground, colors[i], s[alpha_at]); break;
      case premultiplied: rgb[i] = over(format->ground, unmultiplied(colors[i], s[alpha_at]), s[alpha_at]); break;
    }
  }
}

// A rectangle of unpacked samples into the picture. With separate planes, one plane after another.
static void put_block(
    const pixel_format *format, const uint8_t *const *planes, size_t row_bytes, uint32_t left, uint32_t top,
    uint32_t columns, uint32_t rows, uint8_t *rgb) {
  const int separate = format->planes == PLANARCONFIG_SEPARATE;
  uint8_t samples[most_samples];
  for (uint32_t y = 0; y < rows; y++) {
    uint8_t *into = rgb + ((size_t)(top + y) * format->width + left) * 3;
    for (uint32_t x = 0; x < columns; x++, into += 3) {
      for (uint16_t i = 0; i < format->samples; i++)
        samples[i] = separate ? sample_of(format, planes[i] + y * row_bytes, x)
                              : sample_of(format, planes[0] + y * row_bytes, (size_t)x * format->samples + i);
      put(format, samples, into);
    }
  }
}

static int read_blocks(TIFF *tiff, source *from, const pixel_format *format, uint8_t *rgb) {
  static const char truncated[] = "is truncated: the TIFF ends before its pixels do";
  const int tiled = TIFFIsTiled(tiff);
  const uint16_t planes = format->planes == PLANARCONFIG_SEPARATE ? format->samples : 1;
  uint32_t block_width = format->width, block_height = 0;
  if (tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &block_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &block_height);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &block_height);
    if (block_height > format->height) block_height = format->height;
  }
  const tmsize_t block_bytes = tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  const tmsize_t row_bytes = tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
  // What the samples need, whatever libtiff says of a strange file.
  const uint64_t needed = ((uint64_t)block_width * (planes > 1 ? 1 : format->samples) * format->bits + 7) / 8;
  if (block_width == 0 || block_height == 0 || block_bytes <= 0 || row_bytes <= 0 ||
      needed > (uint64_t)row_bytes || (uint64_t)row_bytes * block_height > (uint64_t)block_bytes)
    return fail(from, "is not a readable TIFF: its strips or tiles have no sensible size");
  if (block_bytes > most_bytes_at_once / planes)
    return fail(from, "is a TIFF whose strips or tiles are too large to be read");
  uint8_t *buffer = calloc(planes, (size_t)block_bytes);
  if (buffer == NULL) return fail(from, "could not be decoded: out of memory");
  const uint8_t *plane[most_samples];
  for (uint16_t i = 0; i < planes; i++) plane[i] = buffer + i * (size_t)block_bytes;

  int status = 0;
  for (uint32_t top = 0; status == 0 && top < format->height; top += block_height) {
    const uint32_t rows = format->height - top < block_height ? format->height - top : block_height;
    for (uint32_t left = 0; status == 0 && left < format->width; left += block_width) {
      const uint32_t columns = format->width - left < block_width ? format->width - left : block_width;
      for (uint16_t i = 0; status == 0 && i < planes; i++) {
        uint8_t *into = buffer + i * (size_t)block_bytes;
        const tmsize_t wanted = tiled ? block_bytes : row_bytes * (tmsize_t)rows;
        const tmsize_t got =
            tiled ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, left, top, 0, i), into, wanted)
                  : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, top, i), into, wanted);
        if (got != wanted) status = fail(from, truncated);
      }
      if (status == 0)
        put_block(format, plane, (size_t)row_bytes, left, top, columns, rows, rgb);
      if (block_width > format->width - left) break;
    }
    if (block_height > format->height - top) break;
  }
  free(buffer);
  return status;
}

// Colour differences other than JPEG's, and JPEG's first form, by libtiff's own conversion.
static int read_as_rgba(TIFF *tiff, source *from, uint32_t width, uint32_t height, uint8_t *rgb) {
  uint32_t *pixels = calloc((size_t)width * height, sizeof *pixels);
  if (pixels == NULL) return fail(from, "could not be decoded: out of memory");
  int status = 0;
  // As stored: the caller turns the picture.
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  if (!TIFFReadRGBAImageOriented(tiff, width, height, pixels, ORIENTATION_TOPLEFT, 1))
    status = fail(from, "is not a readable TIFF");
  for (size_t i = 0; status == 0 && i < (size_t)width * height; i++) {
    rgb[3 * i] = (uint8_t)TIFFGetR(pixels[i]);
    rgb[3 * i + 1] = (uint8_t)TIFFGetG(pixels[i]);
    rgb[3 * i + 2] = (uint8_t)TIFFGetB(pixels[i]);
  }
  free(pixels);
  return status;
}

int image_decode_tiff(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t ground, uint8_t *rgb,
    char *reason) {
  source from = {.bytes = bytes, .count = count, .reason = reason};
  TIFF *tiff = open_tiff(&from);
  if (tiff == NULL) return 1;
  pixel_format format = {.ground = ground};
  uint16_t compression = COMPRESSION_NONE, photometric = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &format.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &format.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  int status = 0;
  if (format.width != width || format.height != height)
    status = fail(&from, "is not a readable TIFF: its headers disagree on the size");
  const int differences = photometric == PHOTOMETRIC_YCBCR || compression == COMPRESSION_OJPEG;
  if (status == 0 && differences && compression != COMPRESSION_JPEG) {
    status = read_as_rgba(tiff, &from, width, height, rgb);
  } else if (status == 0) {
    if (differences) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    // The colour mode changes what other tags say; they are read after it.
    status = read_format(tiff, &from, differences, &format);
    if (status == 0) status = read_blocks(tiff, &from, &format, rgb);
  }
  // A codec that found an error and went on has made up pixels.
  if (status == 0 && from.has_reason) status = 1;
  TIFFClose(tiff);
  return status;
}
