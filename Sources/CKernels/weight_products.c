/// Products with weights as they are kept, for few rows of x: decoding reads every weight once a step, so
/// what counts is that the memory never waits for the arithmetic.
#include "matrix_unit.h"
#include "neon.h"
#include "weight_products.h"

enum {
  BLOCK = CK_INT8_BLOCK,
  ROWS = CK_INT8_ROWS,
  /// Columns that are expanded to float32 at a time.
  PART = 512,
};

// MARK: Portable

/// Rows of float32 or bfloat16.
static void rows_portable(const ck_weight_operands *o) {
  size_t x_stride = ck_operand_row_bytes(o->format, o->columns);
  float x[PART], w[PART];
  for (size_t j = 0; j < o->n; j++)
    for (size_t l = 0; l < o->columns; l += PART) {
      size_t count = o->columns - l < PART ? o->columns - l : PART;
      ck_expand_weights(o->w, o->format, o->columns, o->first + j, l, count, w);
      for (size_t i = 0; i < o->m; i++) {
        const uint8_t *row = (const uint8_t *)o->x + i * x_stride;
        if (o->format == CK_WEIGHTS_FLOAT32)
          memcpy(x, row + 4 * l, 4 * count);
        else
          ck_bf16_to_f32(row + 2 * l, x, count);
        ck_put(o->y + i * o->ldy + j, ck_dot1(x, w, count), o->accumulate || l > 0);
      }
    }
}

/// Integer products are exact, so that every order of the sums within a block gives the same.
CK_INLINE void block_portable(const uint8_t *block, const int8_t *x, int32_t correction, int32_t *sums) {
  for (size_t row = 0; row < ROWS; row++) sums[row] = correction;
  for (size_t group = 0; group < BLOCK / 4; group++)
    for (size_t row = 0; row < ROWS; row++) {
      const uint8_t *w = block + (group * ROWS + row) * 4;
      const int8_t *values = x + 4 * group;
      sums[row] += w[0] * values[0] + w[1] * values[1] + w[2] * values[2] + w[3] * values[3];
    }
}

static void panels_portable(const ck_weight_operands *o) {
  size_t blocks = ck_blocks(o->columns);
  size_t x_stride = ck_operand_row_bytes(o->format, o->columns);
  for (size_t j = 0; j < o->n; j += ROWS) {
    size_t rows = o->n - j < ROWS ? o->n - j : ROWS;
    const uint8_t *panel =
        (const uint8_t *)o->w + (o->first + j) / ROWS * ck_weight_panel_bytes(o->format, o->columns);
    for (size_t i = 0; i < o->m; i++) {
      const uint8_t *x = (const uint8_t *)o->x + i * x_stride;
      float dots[ROWS] = {0};
      for (size_t block = 0; block < blocks; block++) {
        const uint8_t *w = panel + block * CK_INT8_BLOCK_BYTES;
        int32_t correction, sums[ROWS];
        float scale;
        memcpy(&correction, x + ck_int8_corrections(o->columns) + 4 * block, 4);
        memcpy(&scale, x + ck_int8_scales(o->columns) + 4 * block, 4);
        block_portable(w, (const int8_t *)x + block * BLOCK, correction, sums);
        for (size_t row = 0; row < ROWS; row++)
          dots[row] += (float)sums[row] * (ck_from_bf16(w + ROWS * BLOCK + 2 * row) * scale);
      }
      for (size_t row = 0; row < rows; row++) ck_put(o->y + i * o->ldy + j + row, dots[row], o->accumulate);
    }
  }
}

void ck_weight_product_portable(const ck_weight_operands *o) {
  if (o->format == CK_WEIGHTS_INT8)
    panels_portable(o);
  else
    rows_portable(o);
}

// MARK: The processor's best

void ck_weight_product(const ck_weight_operands *o) {
#if defined(__x86_64__)
  if (o->format == CK_WEIGHTS_FLOAT32 && ck_has_avx512()) {
    ck_weight_product_avx512(o);
    return;
  }
  if (o->format == CK_WEIGHTS_BFLOAT16 && ck_has_matrix_unit() && ck_tiles_fit(o)) {
    ck_weight_product_tiles(o);
    return;
  }
  if (o->format == CK_WEIGHTS_BFLOAT16 && ck_has_avx512_bf16()) {
    ck_weight_product_avx512_bf16(o);
    return;
  }
  if (o->format == CK_WEIGHTS_INT8 && ck_has_avx512_vnni()) {
    ck_weight_product_avx512_vnni(o);
    return;
  }
  if (ck_has_avx2()) {
    switch (o->format) {
    case CK_WEIGHTS_FLOAT32: ck_weight_product_avx2(o); return;
    case CK_WEIGHTS_BFLOAT16: ck_weight_product_avx2_bf16(o); return;
    case CK_WEIGHTS_INT8: ck_weight_product_avx2_int8(o); return;
    }
  }
#elif defined(__aarch64__)
  if (o->format != CK_WEIGHTS_INT8) {
    ck_weight_product_neon(o);
    return;
  }
  if (ck_has_neon_dot()) {
    ck_weight_product_neon_dot(o);
    return;
  }
#endif
  ck_weight_product_portable(o);
}

bool ck_adds_rows_alike(void) {
#if defined(__aarch64__)
  return false;
#else
  return true;
#endif
}
