// WebP to RGB by libwebp's animation decoder, as Pillow uses it: of an animation the first frame, on its canvas.
#include "CImageCodecs.h"
#include "rounding.h"

#include <stdio.h>
#include <string.h>

#include <webp/demux.h>

static int fail(char *reason, const char *sentence) {
  snprintf(reason, IMAGE_REASON_SIZE, "%s", sentence);
  return 1;
}

int image_read_webp_header(
    const uint8_t *bytes, size_t count, uint32_t *width, uint32_t *height, char *reason) {
  const WebPData file = {bytes, count};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  WebPDemuxer *demuxer = WebPDemuxPartial(&file, &state);
  if (demuxer == NULL || state == WEBP_DEMUX_PARSE_ERROR || state == WEBP_DEMUX_PARSING_HEADER) {
    WebPDemuxDelete(demuxer);
    return fail(
        reason, state == WEBP_DEMUX_PARSE_ERROR ? "is not a readable WebP: its chunks are broken"
                                                : "is truncated: the WebP ends within its header");
  }
  *width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
  *height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
  WebPDemuxDelete(demuxer);
  if (state != WEBP_DEMUX_DONE) return fail(reason, "is truncated: the WebP ends before its pixels do");
  return 0;
}

int image_decode_webp(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t ground, uint8_t *rgb,
    char *reason) {
  const WebPData file = {bytes, count};
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes, count, &features) != VP8_STATUS_OK)
    return fail(reason, "is not a readable WebP: its header is broken");
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) return fail(reason, "could not be decoded: libwebp is another one");
  options.color_mode = MODE_RGBA;
  options.use_threads = 0;
  WebPAnimDecoder *decoder = WebPAnimDecoderNew(&file, &options);
  if (decoder == NULL) return fail(reason, "is not a readable WebP: its chunks are broken");
  WebPAnimInfo info;
  uint8_t *pixels = NULL;
  int time = 0;
  int status = 0;
  if (!WebPAnimDecoderGetInfo(decoder, &info) || info.canvas_width != width || info.canvas_height != height)
    status = fail(reason, "is not a readable WebP: its headers disagree on the size");
  else if (!WebPAnimDecoderGetNext(decoder, &pixels, &time) || pixels == NULL)
    status = fail(reason, "is not a readable WebP: its pixels are broken or cut off");
  if (status == 0) {
    const size_t pixel_count = (size_t)width * height;
    for (size_t i = 0; i < pixel_count; i++, pixels += 4, rgb += 3) {
      const uint8_t alpha = features.has_alpha ? pixels[3] : 255;
      for (int channel = 0; channel < 3; channel++) rgb[channel] = over(ground, pixels[channel], alpha);
    }
  }
  WebPAnimDecoderDelete(decoder);
  return status;
}
