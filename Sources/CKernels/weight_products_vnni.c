/// Few rows of x with int8 weights, multiplied as bytes (AVX-512 VNNI).
#include "avx512.h"
#include "weight_products.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target(CK_AVX512 ",avx512vnni"))), apply_to = function)

enum {
  BLOCK = CK_INT8_BLOCK,
  ROWS = CK_INT8_ROWS,
  /// How far ahead of the arithmetic memory is fetched, in bytes.
  AHEAD = 4096,
};

CK_INLINE __m512i everywhere(const uint8_t *source) {
  int32_t value;
  memcpy(&value, source, 4);
  return _mm512_set1_epi32(value);
}

/// M rows of x with one panel: a lane of every vector is a row of weights.
CK_INLINE void panel(
    const int M, const uint8_t *x, size_t x_stride, size_t columns, const uint8_t *w, float *y, size_t ldy,
    __mmask16 rows, bool accumulate) {
  size_t blocks = ck_blocks(columns);
  const uint8_t *scales = x + ck_int8_scales(columns), *corrections = x + ck_int8_corrections(columns);
  __m512 sums[8];
  for (int i = 0; i < M; i++) sums[i] = _mm512_setzero_ps();
  for (size_t block = 0; block < blocks; block++, w += CK_INT8_BLOCK_BYTES) {
    __m512i dots[8];
    for (int i = 0; i < M; i++) dots[i] = everywhere(corrections + (size_t)i * x_stride + 4 * block);
    for (int group = 0; group < BLOCK / 4; group++) {
      __m512i bytes = _mm512_loadu_si512((const void *)(w + 4 * ROWS * group));
      _mm_prefetch((const char *)w + 4 * ROWS * group + AHEAD, _MM_HINT_T0);
      for (int i = 0; i < M; i++)
        dots[i] = _mm512_dpbusd_epi32(
            dots[i], bytes, everywhere(x + (size_t)i * x_stride + BLOCK * block + 4 * group));
    }
    __m512 scale = _mm512_castsi512_ps(_mm512_slli_epi32(
        _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)(w + ROWS * BLOCK))), 16));
    for (int i = 0; i < M; i++) {
      __m512 both = _mm512_mul_ps(
          scale, _mm512_castsi512_ps(everywhere(scales + (size_t)i * x_stride + 4 * block)));
      sums[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[i]), both, sums[i]);
    }
  }
  for (int i = 0; i < M; i++) {
    float *out = y + (size_t)i * ldy;
    if (accumulate) sums[i] = _mm512_add_ps(sums[i], _mm512_maskz_loadu_ps(rows, out));
    _mm512_mask_storeu_ps(out, rows, sums[i]);
  }
}

void ck_weight_product_avx512_vnni(const ck_weight_operands *o) {
  size_t x_stride = ck_operand_row_bytes(CK_WEIGHTS_INT8, o->columns);
  size_t bytes = ck_weight_panel_bytes(CK_WEIGHTS_INT8, o->columns);
  const uint8_t *x = o->x;
  for (size_t j = 0; j < o->n; j += ROWS) {
    const uint8_t *w = (const uint8_t *)o->w + (o->first + j) / ROWS * bytes;
    __mmask16 rows = (__mmask16)(o->n - j < ROWS ? (1u << (o->n - j)) - 1 : 0xFFFFu);
    float *y = o->y + j;
    size_t i = 0;
#define ROWS_OF_X(M)                                                                              \
  for (; i + M <= o->m; i += M)                                                                   \
    panel(M, x + i * x_stride, x_stride, o->columns, w, y + i * o->ldy, o->ldy, rows, o->accumulate);
    ROWS_OF_X(8)
    ROWS_OF_X(4)
    ROWS_OF_X(2)
    ROWS_OF_X(1)
#undef ROWS_OF_X
  }
}

#pragma clang attribute pop
#endif
