/// Few rows of x with int8 weights, multiplied as bytes (AVX2).
#include "avx2.h"
#include "weight_products.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target(CK_AVX2))), apply_to = function)

enum {
  BLOCK = CK_INT8_BLOCK,
  ROWS = CK_INT8_ROWS,
  LINE = 64,
  /// How far ahead of the arithmetic memory is fetched, in bytes.
  AHEAD = 4096,
  /// Rows of x whose sums stay in registers beside the weights.
  FEW = 4,
};

/// The scales of eight rows of weights.
CK_INLINE __m256 row_scales(const uint8_t *source) {
  __m128i halves = _mm_loadu_si128((const __m128i *)(const void *)source);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

CK_INLINE __m256i everywhere(const uint8_t *source) {
  int32_t value;
  memcpy(&value, source, 4);
  return _mm256_set1_epi32(value);
}

/// The weights of eight rows and four columns, apart from their signs.
typedef struct {
  __m256i signs, sizes;
} weights_t;

CK_INLINE weights_t without_signs(const uint8_t *source) {
  __m256i values = _mm256_xor_si256(ck_load_bytes(source), _mm256_set1_epi8(-128));
  return (weights_t){values, _mm256_abs_epi8(values)};
}

/// Adds four columns of x times those of the weights. Bytes are multiplied in pairs to 16 bits, which a weight 128 too
/// large would overflow; its size has seven bits, and x takes the sign.
CK_INLINE __m256i add_products(__m256i sums, weights_t w, __m256i x) {
  __m256i pairs = _mm256_maddubs_epi16(w.sizes, _mm256_sign_epi8(x, w.signs));
  return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/// M rows of x with one panel, each half of which has a vector; FETCH the memory ahead of it.
CK_INLINE void panel(
    const int M, const bool FETCH, const uint8_t *x, size_t x_stride, size_t columns, const uint8_t *w, float *y, size_t ldy,
    size_t rows, bool accumulate) {
  __m256 sums[FEW][2];
  for (int i = 0; i < M; i++) sums[i][0] = sums[i][1] = _mm256_setzero_ps();
  const uint8_t *scales = x + ck_int8_scales(columns);
  for (size_t block = 0; block < ck_blocks(columns); block++, w += CK_INT8_BLOCK_BYTES) {
    __m256i dots[FEW][2];
    for (int i = 0; i < M; i++) dots[i][0] = dots[i][1] = _mm256_setzero_si256();
    // Unrolled, the weights of several groups would not stay in registers.
#pragma clang loop unroll(disable)
    for (int group = 0; group < BLOCK / 4; group++) {
      if (FETCH) _mm_prefetch((const char *)w + LINE * group + AHEAD, _MM_HINT_T0);
      weights_t low = without_signs(w + LINE * group), high = without_signs(w + LINE * group + LINE / 2);
      for (int i = 0; i < M; i++) {
        __m256i values = everywhere(x + (size_t)i * x_stride + BLOCK * block + 4 * group);
        dots[i][0] = add_products(dots[i][0], low, values);
        dots[i][1] = add_products(dots[i][1], high, values);
      }
    }
    if (FETCH) _mm_prefetch((const char *)w + ROWS * BLOCK + AHEAD, _MM_HINT_T0);
    for (int half = 0; half < 2; half++) {
      __m256 scale = row_scales(w + ROWS * BLOCK + ROWS * half);
      for (int i = 0; i < M; i++) {
        __m256 both = _mm256_mul_ps(scale, _mm256_castsi256_ps(everywhere(scales + (size_t)i * x_stride + 4 * block)));
        sums[i][half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[i][half]), both, sums[i][half]);
      }
    }
  }
  for (int i = 0; i < M; i++) {
    float all[ROWS];
    for (int half = 0; half < 2; half++) _mm256_storeu_ps(all + ROWS / 2 * half, sums[i][half]);
    for (size_t row = 0; row < rows; row++) ck_put(y + (size_t)i * ldy + row, all[row], accumulate);
  }
}

void ck_weight_product_avx2_int8(const ck_weight_operands *o) {
  size_t x_stride = ck_operand_row_bytes(CK_WEIGHTS_INT8, o->columns);
  size_t bytes = ck_weight_panel_bytes(CK_WEIGHTS_INT8, o->columns);
  const uint8_t *x = o->x;
  for (size_t j = 0; j < o->n; j += ROWS) {
    const uint8_t *w = (const uint8_t *)o->w + (o->first + j) / ROWS * bytes;
    size_t rows = o->n - j < ROWS ? o->n - j : ROWS, i = 0;
#define ROWS_OF_X(M, FETCH) \
  panel(M, FETCH, x + i * x_stride, x_stride, o->columns, w, o->y + i * o->ldy + j, o->ldy, rows, o->accumulate)
    if (o->m >= FEW) {
      ROWS_OF_X(FEW, true);
      for (i = FEW; i + FEW <= o->m; i += FEW) ROWS_OF_X(FEW, false);
    }
    switch (o->m - i) {
    case 1: ROWS_OF_X(1, true); break;
    case 2: ROWS_OF_X(2, true); break;
    case 3: ROWS_OF_X(3, true); break;
    }
#undef ROWS_OF_X
  }
}

#pragma clang attribute pop
#endif
