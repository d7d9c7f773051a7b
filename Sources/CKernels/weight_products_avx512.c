/// Few rows of x with float32 weights (AVX-512).
#include "avx512.h"
#include "weight_products.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target(CK_AVX512))), apply_to = function)

enum {
  /// How far ahead of the arithmetic a single row of x fetches weights, in bytes.
  AHEAD = 4096,
  /// Columns of a vector.
  WIDTH = 16,
  /// Which of the four rows of the next strip a pass over this one fetches, as bits. Otherwise the processor
  /// would wait for memory in the first pass and leave it idle in the others.
  NONE = 0,
  EVEN = 5,
  ODD = 10,
};

/// A single row of x with N rows of weights side by side, at most 4: as many streams the processor fetches by
/// itself.
CK_INLINE void vector_product(
    const int N, const float *x, const float *w, size_t columns, float *y, bool accumulate) {
  __m512 sums[16];
  for (int j = 0; j < 16; j++) sums[j] = _mm512_setzero_ps();
  size_t whole = columns / WIDTH * WIDTH;
  ck_fetch_page_heads((const uint8_t *)w + AHEAD, (size_t)N * columns * sizeof(float));
  for (size_t l = 0; l < whole; l += WIDTH) {
    __m512 a = _mm512_loadu_ps(x + l);
    for (int j = 0; j < N; j++)
      sums[j] = _mm512_fmadd_ps(a, _mm512_loadu_ps(w + (size_t)j * columns + l), sums[j]);
  }
  if (whole < columns) {
    __mmask16 rest = (__mmask16)((1u << (columns - whole)) - 1);
    __m512 a = _mm512_maskz_loadu_ps(rest, x + whole);
    for (int j = 0; j < N; j++)
      sums[j] = _mm512_fmadd_ps(a, _mm512_maskz_loadu_ps(rest, w + (size_t)j * columns + whole), sums[j]);
  }
  float dots[16];
  _mm512_storeu_ps(dots, ck_sums16(sums));
  for (int j = 0; j < N; j++) ck_put(y + j, dots[j], accumulate);
}

/// A tile of M rows of x, at most 4, and N of weights, at most 4.
CK_INLINE void tile(
    const int M, const int N, const float *x, const float *w, size_t columns, float *y,
    size_t ldy, bool accumulate, const int fetched) {
  __m512 sums[16];
  for (int i = 0; i < 16; i++) sums[i] = _mm512_setzero_ps();
  size_t l = 0;
  for (; l + WIDTH <= columns; l += WIDTH) {
    __m512 b[4];
    for (int j = 0; j < N; j++) {
      b[j] = _mm512_loadu_ps(w + (size_t)j * columns + l);
      if (fetched >> j & 1) _mm_prefetch((const char *)(w + (size_t)(N + j) * columns + l), _MM_HINT_T0);
    }
    for (int i = 0; i < M; i++) {
      __m512 a = _mm512_loadu_ps(x + (size_t)i * columns + l);
      for (int j = 0; j < N; j++) sums[4 * i + j] = _mm512_fmadd_ps(a, b[j], sums[4 * i + j]);
    }
  }
  if (l < columns) {
    __mmask16 rest = (__mmask16)((1u << (columns - l)) - 1);
    for (int j = 0; j < N; j++) {
      __m512 b = _mm512_maskz_loadu_ps(rest, w + (size_t)j * columns + l);
      for (int i = 0; i < M; i++) {
        __m512 a = _mm512_maskz_loadu_ps(rest, x + (size_t)i * columns + l);
        sums[4 * i + j] = _mm512_fmadd_ps(a, b, sums[4 * i + j]);
      }
    }
  }
  float dots[16];
  _mm512_storeu_ps(dots, ck_sums16(sums));
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) ck_put(y + (size_t)i * ldy + j, dots[4 * i + j], accumulate);
}

/// `tile` for the numbers of rows there are; each case is a loop of its own.
CK_INLINE void any_tile(
    size_t rows, const int N, const float *x, const float *w, size_t columns, float *y,
    size_t ldy, bool accumulate, int fetched) {
#define CASE(M)                                            \
  case M:                                                  \
    if (fetched == ODD)                                    \
      tile(M, N, x, w, columns, y, ldy, accumulate, ODD);  \
    else                                                   \
      tile(M, N, x, w, columns, y, ldy, accumulate, NONE); \
    break;
  switch (rows) {
    CASE(1) CASE(2) CASE(4)
  }
#undef CASE
}

/// All rows of x with N rows of weights.
CK_INLINE void strip(const int N, const ck_weight_operands *o, const float *w, float *y) {
  size_t i = 0;
  const float *x = o->x;
  size_t ldy = o->ldy, columns = o->columns;
  bool add = o->accumulate;
  if (o->m > 4) {
    tile(4, N, x, w, columns, y, ldy, add, EVEN);
    i = 4;
  } else if (o->m == 3) {
    tile(2, N, x, w, columns, y, ldy, add, EVEN);
    i = 2;
  }
  for (int fetched = i > 0 ? ODD : NONE; i < o->m; fetched = NONE) {
    size_t rows = o->m - i >= 4 ? 4 : o->m - i >= 2 ? 2 : 1;
    any_tile(rows, N, x + i * columns, w, columns, y + i * ldy, ldy, add, fetched);
    i += rows;
  }
}

void ck_weight_product_avx512(const ck_weight_operands *o) {
  size_t stride = o->columns, j = 0;
  const float *w = (const float *)o->w + o->first * stride;
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
