/// Weights in the forms they are kept in: conversions to float32 and back.
#include "bfloat16.h"

enum { BLOCK = CK_INT8_BLOCK, ROWS = CK_INT8_ROWS };

size_t ck_weight_panel_rows(ck_weight_format format) { return format == CK_WEIGHTS_INT8 ? ROWS : 1; }

size_t ck_weight_panel_bytes(ck_weight_format format, size_t columns) {
  switch (format) {
  case CK_WEIGHTS_FLOAT32: return 4 * columns;
  case CK_WEIGHTS_BFLOAT16: return 2 * columns;
  case CK_WEIGHTS_INT8: return (columns + BLOCK - 1) / BLOCK * CK_INT8_BLOCK_BYTES;
  }
  return 0;
}

/// Where the byte of a row and a column lies in a block.
CK_INLINE size_t place(size_t row, size_t column) { return column / 4 * (4 * ROWS) + 4 * row + column % 4; }

CK_INLINE void expand_int8(
    const uint8_t *panel, size_t row, size_t first, size_t count, float *out) {
  for (size_t i = 0; i < count;) {
    size_t start = (first + i) % BLOCK;
    size_t length = BLOCK - start < count - i ? BLOCK - start : count - i;
    const uint8_t *block = panel + (first + i) / BLOCK * CK_INT8_BLOCK_BYTES;
    float scale = ck_from_bf16(block + ROWS * BLOCK + 2 * row);
    for (size_t j = 0; j < length; j++)
      out[i + j] = scale * (float)((int)block[place(row, start + j)] - 128);
    i += length;
  }
}

CK_CLONES void ck_expand_weights(
    const void *matrix, ck_weight_format format, size_t columns, size_t row, size_t first, size_t count,
    float *out) {
  size_t rows = ck_weight_panel_rows(format);
  const uint8_t *panel = (const uint8_t *)matrix + row / rows * ck_weight_panel_bytes(format, columns);
  switch (format) {
  case CK_WEIGHTS_FLOAT32: memcpy(out, panel + 4 * first, 4 * count); break;
  case CK_WEIGHTS_BFLOAT16:
    for (size_t i = 0; i < count; i++) out[i] = ck_from_bf16(panel + 2 * (first + i));
    break;
  case CK_WEIGHTS_INT8: expand_int8(panel, row % rows, first, count, out); break;
  }
}

/// One row of one block.
CK_INLINE void quantize_block(const float *values, size_t count, size_t row, uint8_t *block) {
  float most = 0;
  for (size_t i = 0; i < count; i++) {
    float size = fabsf(values[i]);
    most = size > most ? size : most;
  }
  // The scale as it will be read, rounded up so that the largest value still fits.
  float scale = most / 127.0f;
  uint32_t bits;
  memcpy(&bits, &scale, 4);
  bits = (bits + 0xFFFFu) & 0xFFFF0000u;
  memcpy(&scale, &bits, 4);
  uint16_t half = (uint16_t)(bits >> 16);
  memcpy(block + ROWS * BLOCK + 2 * row, &half, 2);
  float inverse = scale > 0 ? 1.0f / scale : 0.0f;
  for (size_t i = 0; i < BLOCK; i++) {
    float scaled = i < count ? values[i] * inverse : 0.0f;
    scaled = scaled > 127.0f ? 127.0f : scaled;
    scaled = scaled < -127.0f ? -127.0f : scaled;
    block[place(row, i)] = (uint8_t)((int)rintf(scaled) + 128);
  }
}

CK_CLONES void ck_quantize_weights(const float *rows, size_t count, size_t columns, void *panel) {
  uint8_t *block = panel;
  for (size_t start = 0; start < columns; start += BLOCK, block += CK_INT8_BLOCK_BYTES) {
    size_t width = columns - start < BLOCK ? columns - start : BLOCK;
    for (size_t row = 0; row < ROWS; row++)
      quantize_block(rows + row * columns + start, row < count ? width : 0, row, block);
  }
}
