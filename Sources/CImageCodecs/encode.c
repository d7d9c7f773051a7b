#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
  char *reason;
} sink;

static void png_failed(png_structp png, png_const_charp message) {
  sink *to = png_get_error_ptr(png);
  snprintf(to->reason, IMAGE_REASON_SIZE, "could not be written as a PNG: %s", message);
  png_longjmp(png, 1);
}

static void png_warned(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void append(png_structp png, png_bytep bytes, size_t count) {
  sink *to = png_get_io_ptr(png);
  if (count > to->capacity - to->count) {
    size_t capacity = (to->count + count) * 2;
    uint8_t *grown = realloc(to->bytes, capacity);
    if (grown == NULL) png_error(png, "out of memory");
    to->bytes = grown;
    to->capacity = capacity;
  }
  memcpy(to->bytes + to->count, bytes, count);
  to->count += count;
}

static void flush(png_structp png) { (void)png; }

int image_encode_png(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, uint8_t **file, size_t *count,
    char *reason) {
  sink to = {.reason = reason};
  png_infop info = NULL;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &to, png_failed, png_warned);
  if (png != NULL) info = png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_write_struct(&png, NULL);
    snprintf(reason, IMAGE_REASON_SIZE, "could not be written as a PNG: out of memory");
    return 1;
  }
  if (setjmp(png_jmpbuf(png))) {
    free(to.bytes);
    png_destroy_write_struct(&png, &info);
    return 1;
  }
  png_set_write_fn(png, &to, append, flush);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(
      png, info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
      PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * (size_t)channels);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  *file = to.bytes;
  *count = to.count;
  return 0;
}

typedef struct {
  struct jpeg_error_mgr manager;  // first, so that cinfo->err points at this
  jmp_buf jump;
  char *reason;
} failure;

static void jpeg_failed(j_common_ptr cinfo) {
  failure *to = (failure *)cinfo->err;
  char message[JMSG_LENGTH_MAX];
  cinfo->err->format_message(cinfo, message);
  snprintf(to->reason, IMAGE_REASON_SIZE, "could not be written as a JPEG: %s", message);
  longjmp(to->jump, 1);
}

static void jpeg_warned(j_common_ptr cinfo) { (void)cinfo; }

int image_encode_jpeg(
    const uint8_t *rgb, uint32_t width, uint32_t height, int quality, uint8_t **file, size_t *count,
    char *reason) {
  struct jpeg_compress_struct cinfo;
  failure to;
  unsigned char *bytes = NULL;
  unsigned long size = 0;
  // libjpeg stores to both while it works, so they have to be in memory when a jump comes back.
  unsigned char *volatile *const bytes_at = (unsigned char *volatile *)&bytes;

  memset(&cinfo, 0, sizeof cinfo);
  to.reason = reason;
  cinfo.err = jpeg_std_error(&to.manager);
  to.manager.error_exit = jpeg_failed;
  to.manager.output_message = jpeg_warned;
  if (setjmp(to.jump)) {
    jpeg_destroy_compress(&cinfo);
    free(*bytes_at);
    return 1;
  }
  jpeg_create_compress(&cinfo);
  jpeg_mem_dest(&cinfo, &bytes, &size);
  cinfo.image_width = width;
  cinfo.image_height = height;
  cinfo.input_components = 3;
  cinfo.in_color_space = JCS_RGB;
  jpeg_set_defaults(&cinfo);
  jpeg_set_quality(&cinfo, quality, TRUE);
  cinfo.optimize_coding = TRUE;
  jpeg_start_compress(&cinfo, TRUE);
  while (cinfo.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(rgb + (size_t)cinfo.next_scanline * width * 3);
    jpeg_write_scanlines(&cinfo, &row, 1);
  }
  jpeg_finish_compress(&cinfo);
  jpeg_destroy_compress(&cinfo);
  *file = bytes;
  *count = size;
  return 0;
}
