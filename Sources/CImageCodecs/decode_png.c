// PNG to RGB. libpng delivers the samples as they are stored; what becomes of depths, palettes and
// transparency is decided here, because it has to be what Pillow makes of them and not what libpng's
// transformations do.
#include "CImageCodecs.h"
#include "rounding.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *next;
  size_t left;
  char *reason;
} source;

typedef struct {
  int color_type;
  int depth;
  uint8_t ground;  // what shows where the picture is transparent
  uint8_t palette[256][3];  // over the ground already; indices past the palette's end are black
  int has_key;
  uint8_t key[3];  // the colour that is transparent, as Pillow compares it: with 8-bit samples, low byte only
} pixel_format;

static void on_error(png_structp png, png_const_charp message) {
  source *from = png_get_error_ptr(png);
  snprintf(from->reason, IMAGE_REASON_SIZE, "is not a readable PNG: %s", message);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
  source *from = png_get_io_ptr(png);
  if (count > from->left) {
    snprintf(from->reason, IMAGE_REASON_SIZE, "is truncated: the PNG ends before its pixels do");
    png_longjmp(png, 1);
  }
  memcpy(into, from->next, count);
  from->next += count;
  from->left -= count;
}

static void read_format(png_structp png, png_infop info, pixel_format *format) {
  format->color_type = png_get_color_type(png, info);
  format->depth = png_get_bit_depth(png, info);
  png_bytep alphas = NULL;
  int alpha_count = 0;
  png_color_16p key = NULL;
  int clear = png_get_tRNS(png, info, &alphas, &alpha_count, &key) != 0;

  if (format->color_type == PNG_COLOR_TYPE_PALETTE) {
    png_colorp colors = NULL;
    int count = 0;
    png_get_PLTE(png, info, &colors, &count);
    for (int i = 0; i < 256; i++) {
      uint8_t alpha = clear && alphas != NULL && i < alpha_count ? alphas[i] : 255;
      png_color color = i < count ? colors[i] : (png_color){0, 0, 0};
      format->palette[i][0] = over(format->ground, color.red, alpha);
      format->palette[i][1] = over(format->ground, color.green, alpha);
      format->palette[i][2] = over(format->ground, color.blue, alpha);
    }
  } else if (clear && key != NULL) {
    format->has_key = 1;
    if (format->color_type == PNG_COLOR_TYPE_RGB) {
      format->key[0] = (uint8_t)key->red;
      format->key[1] = (uint8_t)key->green;
      format->key[2] = (uint8_t)key->blue;
    } else {
      uint8_t grey = format->depth == 1 ? (key->gray != 0 ? 255 : 0) : (uint8_t)key->gray;
      memset(format->key, grey, 3);
    }
  }
}

static inline void put(const pixel_format *format, uint8_t *rgb, uint8_t r, uint8_t g, uint8_t b) {
  if (format->has_key && r == format->key[0] && g == format->key[1] && b == format->key[2])
    r = g = b = format->ground;
  rgb[0] = r;
  rgb[1] = g;
  rgb[2] = b;
}

static void convert_row(const pixel_format *format, const uint8_t *row, uint8_t *rgb, uint32_t width) {
  const int wide = format->depth == 16;
  const size_t sample = wide ? 2 : 1;  // a big-endian sample's high byte comes first
  switch (format->color_type) {
    case PNG_COLOR_TYPE_PALETTE:
      for (uint32_t x = 0; x < width; x++, rgb += 3) memcpy(rgb, format->palette[row[x]], 3);
      break;
    case PNG_COLOR_TYPE_GRAY: {
      // 1, 2 and 4 bits spread over the whole range; 16 bits are clipped, not scaled.
      const uint8_t scale = format->depth == 1 ? 255 : format->depth == 2 ? 85 : format->depth == 4 ? 17 : 1;
      for (uint32_t x = 0; x < width; x++, rgb += 3) {
        uint8_t v = wide ? (row[2 * x] != 0 ? 255 : row[2 * x + 1]) : (uint8_t)(row[x] * scale);
        put(format, rgb, v, v, v);
      }
      break;
    }
    case PNG_COLOR_TYPE_RGB:
      for (uint32_t x = 0; x < width; x++, rgb += 3, row += 3 * sample)
        put(format, rgb, row[0], row[sample], row[2 * sample]);
      break;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      for (uint32_t x = 0; x < width; x++, rgb += 3, row += 2 * sample)
        memset(rgb, over(format->ground, row[0], row[sample]), 3);
      break;
    default:  // RGB with alpha
      for (uint32_t x = 0; x < width; x++, rgb += 3, row += 4 * sample)
        for (size_t channel = 0; channel < 3; channel++)
          rgb[channel] = over(format->ground, row[channel * sample], row[3 * sample]);
  }
}

int image_decode_png(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t ground, uint8_t *rgb,
    char *reason) {
  source from = {bytes, count, reason};
  pixel_format format = {.ground = ground};
  png_infop info = NULL;
  uint8_t *volatile stored = NULL;  // set after setjmp, freed after longjmp
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &from, on_error, on_warning);
  if (png != NULL) info = png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_read_struct(&png, NULL, NULL);
    snprintf(reason, IMAGE_REASON_SIZE, "could not be decoded: out of memory");
    return 1;
  }
  if (setjmp(png_jmpbuf(png))) {
    free(stored);
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
  }
  png_set_read_fn(png, &from, read_bytes);
  // The caller has bounded the pixels. Chunks other than the pixels', the palette and transparency are
  // skipped unread, so that their size and content do not matter; a wrong checksum does.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max(png, 0);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_benign_errors(png, 1);
  png_read_info(png, info);
  if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height)
    png_error(png, "its headers disagree on the size");
  read_format(png, info, &format);
  png_set_packing(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);

  // An interlaced picture is complete only after the last pass; another one needs a row at a time.
  const size_t row_bytes = png_get_rowbytes(png, info);
  stored = calloc(passes > 1 ? height : 1, row_bytes);
  if (stored == NULL) png_error(png, "out of memory");
  if (passes > 1) {
    for (int pass = 0; pass < passes; pass++)
      for (uint32_t y = 0; y < height; y++) png_read_row(png, stored + y * row_bytes, NULL);
    for (uint32_t y = 0; y < height; y++)
      convert_row(&format, stored + y * row_bytes, rgb + (size_t)y * width * 3, width);
  } else {
    for (uint32_t y = 0; y < height; y++) {
      png_read_row(png, stored, NULL);
      convert_row(&format, stored, rgb + (size_t)y * width * 3, width);
    }
  }
  // What follows the pixels is not read: a file that lacks nothing but its end is whole to Pillow as well.
  free(stored);
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}
