/// Weights in the forms they are kept in: conversions of one row to float32 and back.
#include "dispatch.h"

enum { BLOCK = CK_INT8_BLOCK };

CK_INLINE float from_bf16(const uint8_t *source) {
  uint16_t half;
  memcpy(&half, source, 2);
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

size_t ck_weight_row_bytes(ck_weight_format format, size_t columns) {
  switch (format) {
  case CK_WEIGHTS_FLOAT32: return 4 * columns;
  case CK_WEIGHTS_BFLOAT16: return 2 * columns;
  case CK_WEIGHTS_INT8: return (columns + BLOCK - 1) / BLOCK * (BLOCK + 2);
  }
  return 0;
}

CK_INLINE void expand_int8(const uint8_t *row, size_t columns, size_t first, size_t count, float *out) {
  const uint8_t *scales = row + (columns + BLOCK - 1) / BLOCK * BLOCK;
  size_t end = first + count;
  for (size_t start = first; start < end;) {
    size_t block = start / BLOCK;
    size_t stop = (block + 1) * BLOCK < end ? (block + 1) * BLOCK : end;
    float scale = from_bf16(scales + 2 * block);
    const int8_t *values = (const int8_t *)row;
    if (stop - start == BLOCK) {
      for (size_t i = 0; i < BLOCK; i++) out[i] = scale * (float)values[start + i];
    } else {
      for (size_t i = 0; i < stop - start; i++) out[i] = scale * (float)values[start + i];
    }
    out += stop - start;
    start = stop;
  }
}

CK_CLONES void ck_expand_weights(
    const void *row, ck_weight_format format, size_t columns, size_t first, size_t count, float *out) {
  const uint8_t *bytes = row;
  switch (format) {
  case CK_WEIGHTS_FLOAT32: memcpy(out, bytes + 4 * first, 4 * count); break;
  case CK_WEIGHTS_BFLOAT16:
    for (size_t i = 0; i < count; i++) out[i] = from_bf16(bytes + 2 * (first + i));
    break;
  case CK_WEIGHTS_INT8: expand_int8(bytes, columns, first, count, out); break;
  }
}

CK_CLONES void ck_quantize_weights(const float *row, size_t columns, void *out) {
  size_t blocks = (columns + BLOCK - 1) / BLOCK;
  int8_t *values = out;
  uint8_t *scales = (uint8_t *)out + blocks * BLOCK;
  for (size_t block = 0; block < blocks; block++) {
    size_t start = block * BLOCK;
    size_t count = columns - start < BLOCK ? columns - start : BLOCK;
    float most = 0;
    for (size_t i = 0; i < count; i++) {
      float size = fabsf(row[start + i]);
      most = size > most ? size : most;
    }
    // The scale as it will be read, rounded up so that the largest value still fits.
    float scale = most / 127.0f;
    uint32_t bits;
    memcpy(&bits, &scale, 4);
    bits = (bits + 0xFFFFu) & 0xFFFF0000u;
    memcpy(&scale, &bits, 4);
    uint16_t half = (uint16_t)(bits >> 16);
    memcpy(scales + 2 * block, &half, 2);
    float inverse = scale > 0 ? 1.0f / scale : 0.0f;
    for (size_t i = 0; i < BLOCK; i++) {
      float scaled = i < count ? row[start + i] * inverse : 0.0f;
      scaled = scaled > 127.0f ? 127.0f : scaled;
      scaled = scaled < -127.0f ? -127.0f : scaled;
      values[start + i] = (int8_t)rintf(scaled);
    }
  }
}
