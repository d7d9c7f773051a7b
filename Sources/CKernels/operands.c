/// Rows of x in the form that products with compact weights take them.
#include "bfloat16.h"
#include "operands.h"

enum { BLOCK = CK_INT8_BLOCK };

size_t ck_operand_row_bytes(ck_weight_format format, size_t columns) {
  switch (format) {
  case CK_WEIGHTS_FLOAT32: return 4 * columns;
  case CK_WEIGHTS_BFLOAT16: return ck_blocks(columns) * BLOCK * 2;  // filled up with zeros
  case CK_WEIGHTS_INT8: return ck_blocks(columns) * (BLOCK + 8);
  }
  return 0;
}

/// NaN if any of the values is not finite, else their largest size.
CK_INLINE float largest(const float *x, size_t count) {
  float most = 0, broken = 0;
  {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < count; i++) broken += x[i] * 0.0f;
  }
  for (size_t i = 0; i < count; i++) {
    float size = fabsf(x[i]);
    most = size > most ? size : most;
  }
  return most + broken;
}

CK_INLINE void make_int8(const float *x, size_t columns, uint8_t *row) {
  int8_t *values = (int8_t *)row;
  uint8_t *scales = row + ck_int8_scales(columns), *corrections = row + ck_int8_corrections(columns);
  for (size_t block = 0; block < ck_blocks(columns); block++) {
    const float *source = x + block * BLOCK;
    int8_t *target = values + block * BLOCK;
    size_t count = columns - block * BLOCK < BLOCK ? columns - block * BLOCK : BLOCK;
    float most = largest(source, count);
    float scale = most / 127.0f;
    float inverse = most > 0 ? 127.0f / most : 0.0f;  // 0 for NaN too, which the scale then carries on
    int32_t sum = 0;
    for (size_t i = 0; i < BLOCK; i++) {
      float scaled = i < count && inverse > 0 ? source[i] * inverse : 0.0f;
      target[i] = (int8_t)rintf(scaled);
      sum += target[i];
    }
    int32_t correction = -128 * sum;
    memcpy(scales + 4 * block, &scale, 4);
    memcpy(corrections + 4 * block, &correction, 4);
  }
}

CK_CLONES void ck_make_operand(
    const float *x, size_t ldx, size_t rows, ck_weight_format format, size_t columns, void *operand) {
  size_t stride = ck_operand_row_bytes(format, columns);
  for (size_t i = 0; i < rows; i++) {
    uint8_t *row = (uint8_t *)operand + i * stride;
    switch (format) {
    case CK_WEIGHTS_FLOAT32: memcpy(row, x + i * ldx, stride); break;
    case CK_WEIGHTS_BFLOAT16:
      for (size_t j = 0; j < columns; j++) {
        uint16_t half = ck_to_bf16(x[i * ldx + j]);
        memcpy(row + 2 * j, &half, 2);
      }
      memset(row + 2 * columns, 0, stride - 2 * columns);
      break;
    case CK_WEIGHTS_INT8: make_int8(x + i * ldx, columns, row); break;
    }
  }
}
