// The two passes of Pillow's 8-bit resampling: sums of samples times fixed-point weights, rounded to 8 bits.
#include "CImageCodecs.h"

enum { fraction_bits = 22, half = 1 << (fraction_bits - 1) };

// Integer sums come out the same at any vector width.
#if defined(__x86_64__)
#define WIDE_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define WIDE_CLONES
#endif

static inline uint8_t clip(int32_t sum) {
  sum >>= fraction_bits;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

void image_resample_horizontally(
    const uint8_t *rgb, ptrdiff_t width, ptrdiff_t height, uint8_t *output, ptrdiff_t output_width,
    const int32_t *bounds, const int32_t *weights, ptrdiff_t stride) {
  for (ptrdiff_t y = 0; y < height; y++, rgb += width * 3) {
    for (ptrdiff_t x = 0; x < output_width; x++, output += 3) {
      const uint8_t *in = rgb + 3 * (ptrdiff_t)bounds[2 * x];
      const int32_t *weight = weights + x * stride;
      const int32_t count = bounds[2 * x + 1];
      int32_t r = half, g = half, b = half;
      for (int32_t i = 0; i < count; i++, in += 3) {
        r += in[0] * weight[i];
        g += in[1] * weight[i];
        b += in[2] * weight[i];
      }
      output[0] = clip(r);
      output[1] = clip(g);
      output[2] = clip(b);
    }
  }
}

WIDE_CLONES
void image_resample_vertically(
    const uint8_t *rgb, ptrdiff_t row_bytes, uint8_t *output, ptrdiff_t output_height, const int32_t *bounds,
    const int32_t *weights, ptrdiff_t stride, int32_t *restrict sums) {
  for (ptrdiff_t y = 0; y < output_height; y++, output += row_bytes) {
    const int32_t *weight = weights + y * stride;
    for (ptrdiff_t x = 0; x < row_bytes; x++) sums[x] = half;
    for (int32_t i = 0; i < bounds[2 * y + 1]; i++) {
      const uint8_t *restrict in = rgb + (bounds[2 * y] + i) * row_bytes;
      const int32_t w = weight[i];
      for (ptrdiff_t x = 0; x < row_bytes; x++) sums[x] += in[x] * w;
    }
    for (ptrdiff_t x = 0; x < row_bytes; x++) output[x] = clip(sums[x]);
  }
}
