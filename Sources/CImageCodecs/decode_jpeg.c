// JPEG to RGB with libjpeg's own colour conversion, as Pillow uses it.
#include "CImageCodecs.h"
#include "rounding.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// Each scan of a progressive file costs a pass over the whole picture and may take only a few bytes.
enum { most_scans = 500 };

typedef struct {
  struct jpeg_error_mgr manager;  // first, so that cinfo->err points at this
  jmp_buf jump;
  char *reason;
} failure;

_Noreturn static void fail(failure *to, const char *reason) {
  snprintf(to->reason, IMAGE_REASON_SIZE, "%s", reason);
  longjmp(to->jump, 1);
}

static void on_error(j_common_ptr cinfo) {
  failure *to = (failure *)cinfo->err;
  char message[JMSG_LENGTH_MAX];
  cinfo->err->format_message(cinfo, message);
  snprintf(to->reason, IMAGE_REASON_SIZE, "is not a readable JPEG: %s", message);
  longjmp(to->jump, 1);
}

static void on_message(j_common_ptr cinfo) { (void)cinfo; }

static void on_progress(j_common_ptr cinfo) {
  if (((j_decompress_ptr)cinfo)->input_scan_number > most_scans)
    fail((failure *)cinfo->err, "is not a readable JPEG: it has too many scans");
}

// The whole file is in memory. Asking for more suspends the decoder, which is how a truncated file shows; the
// usual source would make up an end of image and leave the rest grey.
static void no_step(j_decompress_ptr cinfo) { (void)cinfo; }

static boolean no_more(j_decompress_ptr cinfo) {
  (void)cinfo;
  return FALSE;
}

static void skip(j_decompress_ptr cinfo, long count) {
  struct jpeg_source_mgr *source = cinfo->src;
  if (count <= 0) return;
  size_t step = (size_t)count < source->bytes_in_buffer ? (size_t)count : source->bytes_in_buffer;
  source->next_input_byte += step;
  source->bytes_in_buffer -= step;
}

static void grey_to_rgb(const uint8_t *row, uint8_t *rgb, uint32_t width) {
  for (uint32_t x = 0; x < width; x++) memset(rgb + 3 * x, row[x], 3);
}

// The four inks are stored inverted, whether an Adobe marker says so or not.
static void inverted_cmyk_to_rgb(const uint8_t *row, uint8_t *rgb, uint32_t width) {
  for (uint32_t x = 0; x < width; x++, row += 4, rgb += 3)
    for (int channel = 0; channel < 3; channel++)
      rgb[channel] = (uint8_t)(row[3] - divide_by_255((255u - row[channel]) * row[3]));
}

int image_decode_jpeg(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t ground, uint8_t *rgb,
    char *reason) {
  (void)ground;  // a JPEG is opaque
  static const char truncated[] = "is truncated: the JPEG ends before its pixels do";
  struct jpeg_decompress_struct cinfo;
  failure to;
  struct jpeg_source_mgr source = {
      .next_input_byte = bytes,
      .bytes_in_buffer = count,
      .init_source = no_step,
      .fill_input_buffer = no_more,
      .skip_input_data = skip,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = no_step,
  };
  struct jpeg_progress_mgr progress = {.progress_monitor = on_progress};

  memset(&cinfo, 0, sizeof cinfo);
  to.reason = reason;
  cinfo.err = jpeg_std_error(&to.manager);
  to.manager.error_exit = on_error;
  to.manager.output_message = on_message;
  if (setjmp(to.jump)) {
    jpeg_destroy_decompress(&cinfo);
    return 1;
  }
  jpeg_create_decompress(&cinfo);
  cinfo.src = &source;
  cinfo.progress = &progress;

  int status;
  do {
    status = jpeg_read_header(&cinfo, FALSE);
  } while (status == JPEG_HEADER_TABLES_ONLY);
  if (status == JPEG_SUSPENDED) fail(&to, truncated);
  if (cinfo.image_width != width || cinfo.image_height != height)
    fail(&to, "is not a readable JPEG: its headers disagree on the size");
  switch (cinfo.num_components) {
    case 1: cinfo.out_color_space = JCS_GRAYSCALE; break;
    case 3: cinfo.out_color_space = JCS_RGB; break;
    case 4: cinfo.out_color_space = JCS_CMYK; break;
    default: fail(&to, "is a JPEG with an unsupported number of components");
  }
  if (!jpeg_start_decompress(&cinfo)) fail(&to, truncated);

  // libjpeg frees its own pool on destruction.
  const int channels = cinfo.output_components;
  JSAMPARRAY row =
      cinfo.mem->alloc_sarray((j_common_ptr)&cinfo, JPOOL_IMAGE, width * (JDIMENSION)channels, 1);
  for (uint32_t y = 0; y < height; y++) {
    uint8_t *into = rgb + (size_t)y * width * 3;
    JSAMPROW direct = into;
    if (jpeg_read_scanlines(&cinfo, channels == 3 ? &direct : row, 1) != 1) fail(&to, truncated);
    if (channels == 1) grey_to_rgb(row[0], into, width);
    if (channels == 4) inverted_cmyk_to_rgb(row[0], into, width);
  }
  // Broken data behind the last row are an error, a missing end is not: the picture is whole.
  (void)jpeg_finish_decompress(&cinfo);
  jpeg_destroy_decompress(&cinfo);
  return 0;
}
