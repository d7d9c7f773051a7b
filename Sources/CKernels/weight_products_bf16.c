/// Few rows of x with bfloat16 weights, multiplied as bfloat16 and summed in float32 (AVX-512 BF16).
#include "avx512.h"
#include "weight_products.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target(CK_AVX512 ",avx512bf16"))), apply_to = function)

enum {
  /// How far ahead of the arithmetic a single row of x fetches weights, in bytes.
  AHEAD = 4096,
  /// Columns of a vector.
  WIDTH = 32,
  /// Which of the four rows of the next strip a pass over this one fetches, as bits. Otherwise the processor
  /// would wait for memory in the first pass and leave it idle in the others.
  NONE = 0,
  EVEN = 5,
  ODD = 10,
};

CK_INLINE __m512bh load(const uint8_t *source) {
  return (__m512bh)_mm512_loadu_si512((const void *)source);
}

/// A single row of x with N rows of weights side by side, at most 4: as many streams the processor fetches by
/// itself.
CK_INLINE void vector_product(
    const int N, const uint8_t *x, const uint8_t *w, size_t columns, float *y, bool accumulate) {
  __m512 sums[16];
  for (int j = 0; j < 16; j++) sums[j] = _mm512_setzero_ps();
  size_t stride = 2 * columns, whole = columns / WIDTH * 2 * WIDTH;
  ck_fetch_page_heads(w + AHEAD, (size_t)N * stride);
  for (size_t at = 0; at < whole; at += 2 * WIDTH) {
    __m512bh a = load(x + at);
    for (int j = 0; j < N; j++) sums[j] = _mm512_dpbf16_ps(sums[j], a, load(w + (size_t)j * stride + at));
  }
  if (whole < stride) {
    // The row of x is filled up with zeros; a row of weights ends here, perhaps with the file.
    __mmask32 rest = (__mmask32)((1ull << (columns % WIDTH)) - 1);
    for (int j = 0; j < N; j++) {
      __m512bh b = (__m512bh)_mm512_maskz_loadu_epi16(rest, w + (size_t)j * stride + whole);
      sums[j] = _mm512_dpbf16_ps(sums[j], load(x + whole), b);
    }
  }
  float dots[16];
  _mm512_storeu_ps(dots, ck_sums16(sums));
  for (int j = 0; j < N; j++) ck_put(y + j, dots[j], accumulate);
}

/// A tile of M rows of x, at most 4, and N of weights, at most 4.
CK_INLINE void tile(
    const int M, const int N, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t columns, float *y,
    size_t ldy, bool accumulate, const int fetched) {
  __m512 sums[16];
  for (int i = 0; i < 16; i++) sums[i] = _mm512_setzero_ps();
  size_t stride = 2 * columns, l = 0;
  for (; l + WIDTH <= columns; l += WIDTH) {
    __m512bh b[4];
    for (int j = 0; j < N; j++) {
      b[j] = load(w + (size_t)j * stride + 2 * l);
      if (fetched >> j & 1) _mm_prefetch((const char *)(w + (size_t)(N + j) * stride + 2 * l), _MM_HINT_T0);
    }
    for (int i = 0; i < M; i++) {
      __m512bh a = load(x + (size_t)i * x_stride + 2 * l);
      for (int j = 0; j < N; j++) sums[4 * i + j] = _mm512_dpbf16_ps(sums[4 * i + j], a, b[j]);
    }
  }
  if (l < columns) {
    // Rows of x are filled up with zeros; a row of weights ends here, perhaps with the file.
    __mmask32 rest = (__mmask32)((1ull << (columns - l)) - 1);
    for (int j = 0; j < N; j++) {
      __m512bh b = (__m512bh)_mm512_maskz_loadu_epi16(rest, w + (size_t)j * stride + 2 * l);
      for (int i = 0; i < M; i++)
        sums[4 * i + j] = _mm512_dpbf16_ps(sums[4 * i + j], load(x + (size_t)i * x_stride + 2 * l), b);
    }
  }
  float dots[16];
  _mm512_storeu_ps(dots, ck_sums16(sums));
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) ck_put(y + (size_t)i * ldy + j, dots[4 * i + j], accumulate);
}

/// `tile` for the numbers of rows there are; each case is a loop of its own.
CK_INLINE void any_tile(
    size_t rows, const int N, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t columns, float *y,
    size_t ldy, bool accumulate, int fetched) {
#define CASE(M)                                                      \
  case M:                                                            \
    if (fetched == ODD)                                              \
      tile(M, N, x, x_stride, w, columns, y, ldy, accumulate, ODD);  \
    else                                                             \
      tile(M, N, x, x_stride, w, columns, y, ldy, accumulate, NONE); \
    break;
  switch (rows) {
    CASE(1) CASE(2) CASE(4)
  }
#undef CASE
}

/// All rows of x with N rows of weights.
CK_INLINE void strip(const int N, const ck_weight_operands *o, const uint8_t *w, float *y) {
  size_t x_stride = ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, o->columns), i = 0;
  const uint8_t *x = o->x;
  size_t ldy = o->ldy, columns = o->columns;
  bool add = o->accumulate;
  if (o->m > 4) {
    tile(4, N, x, x_stride, w, columns, y, ldy, add, EVEN);
    i = 4;
  } else if (o->m == 3) {
    tile(2, N, x, x_stride, w, columns, y, ldy, add, EVEN);
    i = 2;
  }
  for (int fetched = i > 0 ? ODD : NONE; i < o->m; fetched = NONE) {
    size_t rows = o->m - i >= 4 ? 4 : o->m - i >= 2 ? 2 : 1;
    any_tile(rows, N, x + i * x_stride, x_stride, w, columns, y + i * ldy, ldy, add, fetched);
    i += rows;
  }
}

void ck_weight_product_avx512_bf16(const ck_weight_operands *o) {
  size_t stride = 2 * o->columns, j = 0;
  const uint8_t *w = (const uint8_t *)o->w + o->first * stride;
  if (o->m == 1) {
    for (; j + 4 <= o->n; j += 4)
      vector_product(4, o->x, w + j * stride, o->columns, o->y + j, o->accumulate);
    for (; j < o->n; j++) vector_product(1, o->x, w + j * stride, o->columns, o->y + j, o->accumulate);
    return;
  }
  for (; j + 4 <= o->n; j += 4) strip(4, o, w + j * stride, o->y + j);
  for (; j < o->n; j++) strip(1, o, w + j * stride, o->y + j);
}

#pragma clang attribute pop
#endif
