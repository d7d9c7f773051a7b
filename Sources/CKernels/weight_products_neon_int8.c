/// Few rows of x with int8 weights, multiplied as bytes (NEON with dot products).
#include "neon.h"
#include "weight_products.h"

#if defined(__aarch64__)

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

enum { BLOCK = CK_INT8_BLOCK, ROWS = CK_INT8_ROWS };

/// Four columns of a panel's rows, 64 bytes, as the signed values they stand for.
CK_INLINE void load_group(const uint8_t *w, int8x16_t rows[4]) {
  for (int q = 0; q < 4; q++)
    rows[q] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(w + 16 * q), vdupq_n_u8(0x80)));
}

/// M rows of x with one panel: a lane of every vector is a row of weights. M is at most 4.
CK_INLINE void panel(
    const int M, const uint8_t *x, size_t x_stride, size_t columns, const uint8_t *w, float *dots) {
  const uint8_t *scales = x + ck_int8_scales(columns);
  float32x4_t sums[4][4];
  for (int i = 0; i < M; i++)
    for (int q = 0; q < 4; q++) sums[i][q] = vdupq_n_f32(0);
  for (size_t block = 0; block < ck_blocks(columns); block++, w += CK_INT8_BLOCK_BYTES) {
    int32x4_t products[4][4];
    for (int i = 0; i < M; i++)
      for (int q = 0; q < 4; q++) products[i][q] = vdupq_n_s32(0);
    for (int half = 0; half < 2; half++) {
      int8x16_t a[4], b[4];
      for (int i = 0; i < M; i++)
        a[i] = vreinterpretq_s8_u8(vld1q_u8(x + (size_t)i * x_stride + BLOCK * block + 16 * half));
// The number of a lane has to be a constant.
#define GROUP(G)                                  \
  load_group(w + 64 * (4 * half + G), b);         \
  for (int i = 0; i < M; i++)                     \
    for (int q = 0; q < 4; q++) products[i][q] = vdotq_laneq_s32(products[i][q], b[q], a[i], G);
      GROUP(0) GROUP(1) GROUP(2) GROUP(3)
#undef GROUP
    }
    for (int q = 0; q < 4; q++) {
      uint16x4_t halves = vreinterpret_u16_u8(vld1_u8(w + ROWS * BLOCK + 8 * q));
      float32x4_t scale = vreinterpretq_f32_u32(vshll_n_u16(halves, 16));
      for (int i = 0; i < M; i++) {
        float own;
        memcpy(&own, scales + (size_t)i * x_stride + 4 * block, 4);
        sums[i][q] = vfmaq_f32(sums[i][q], vcvtq_f32_s32(products[i][q]), vmulq_n_f32(scale, own));
      }
    }
  }
  for (int i = 0; i < M; i++)
    for (int q = 0; q < 4; q++) vst1q_f32(dots + ROWS * i + 4 * q, sums[i][q]);
}

void ck_weight_product_neon_dot(const ck_weight_operands *o) {
  size_t x_stride = ck_operand_row_bytes(CK_WEIGHTS_INT8, o->columns);
  size_t bytes = ck_weight_panel_bytes(CK_WEIGHTS_INT8, o->columns);
  for (size_t j = 0; j < o->n; j += ROWS) {
    const uint8_t *w = (const uint8_t *)o->w + (o->first + j) / ROWS * bytes;
    size_t rows = o->n - j < ROWS ? o->n - j : ROWS, many;
    for (size_t i = 0; i < o->m; i += many) {
      const uint8_t *x = (const uint8_t *)o->x + i * x_stride;
      float dots[4 * ROWS];
      many = o->m - i >= 4 ? 4 : o->m - i >= 2 ? 2 : 1;
      switch (many) {
      case 4: panel(4, x, x_stride, o->columns, w, dots); break;
      case 2: panel(2, x, x_stride, o->columns, w, dots); break;
      default: panel(1, x, x_stride, o->columns, w, dots);
      }
      for (size_t r = 0; r < many; r++)
        for (size_t row = 0; row < rows; row++)
          ck_put(o->y + (i + r) * o->ldy + j + row, dots[ROWS * r + row], o->accumulate);
    }
  }
}

#pragma clang attribute pop
#endif
