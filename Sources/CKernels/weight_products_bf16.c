/// Few rows of x with bfloat16 weights, multiplied as bfloat16 and summed in float32 (AVX-512 BF16).
#include "avx512.h"
#include "weight_products.h"

#include <string.h>

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
  ALL = 15,
  /// Rows longer than this are multiplied in parts: five to eight rows of x and four of weights do not stay in the first
  /// cache from one pass to the next.
  LONG = 3072,
  /// Columns of a part, and strips that use it before the next one is read.
  PART = 1024,
  STRIPS = 4,
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

/// Adds to the sums of a tile of M rows of x, at most 4, and N of weights, at most 4. Meanwhile it fetches those rows at
/// `next` that `fetched` names.
CK_INLINE void add_products(
    const int M, const int N, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t w_stride, size_t columns,
    const uint8_t *next, const int fetched, __m512 sums[16]) {
  size_t l = 0;
  for (; l + WIDTH <= columns; l += WIDTH) {
    __m512bh b[4];
    for (int j = 0; j < N; j++) {
      b[j] = load(w + (size_t)j * w_stride + 2 * l);
      if (fetched >> j & 1) _mm_prefetch((const char *)(next + (size_t)j * w_stride + 2 * l), _MM_HINT_T0);
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
      __m512bh b = (__m512bh)_mm512_maskz_loadu_epi16(rest, w + (size_t)j * w_stride + 2 * l);
      for (int i = 0; i < M; i++)
        sums[4 * i + j] = _mm512_dpbf16_ps(sums[4 * i + j], load(x + (size_t)i * x_stride + 2 * l), b);
    }
  }
}

/// Stores the sums of a tile of M rows of x and N of weights.
CK_INLINE void put_tile(const int M, const int N, __m512 sums[16], float *y, size_t ldy, bool accumulate) {
  float dots[16];
  _mm512_storeu_ps(dots, ck_sums16(sums));
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) ck_put(y + (size_t)i * ldy + j, dots[4 * i + j], accumulate);
}

/// A tile of M rows of x, at most 4, and N of weights, at most 4.
CK_INLINE void tile(
    const int M, const int N, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t columns, float *y,
    size_t ldy, bool accumulate, const int fetched) {
  __m512 sums[16];
  for (int i = 0; i < 16; i++) sums[i] = _mm512_setzero_ps();
  size_t stride = 2 * columns;
  add_products(M, N, x, x_stride, w, stride, columns, w + (size_t)N * stride, fetched, sums);
  put_tile(M, N, sums, y, ldy, accumulate);
}

/// `tile` for the numbers of rows there are; each case is a loop of its own.
CK_INLINE void any_tile(
    size_t rows, const int N, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t columns, float *y,
    size_t ldy, bool accumulate, int fetched) {
#define CASE(M)                                                      \
  case M:                                                            \
    if (fetched == ALL)                                              \
      tile(M, N, x, x_stride, w, columns, y, ldy, accumulate, ALL);  \
    else if (fetched == ODD)                                         \
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
  for (int fetched = i > 0 ? ODD : ALL; i < o->m; fetched = NONE) {
    size_t rows = o->m - i >= 4 ? 4 : o->m - i >= 2 ? 2 : 1;
    any_tile(rows, N, x + i * x_stride, x_stride, w, columns, y + i * ldy, ldy, add, fetched);
    i += rows;
  }
}

/// Four rows of x and M more with STRIPS strips of long rows of weights, part after part. The sums wait in memory between
/// the parts, so that every lane adds in the order in which `tile` does.
CK_INLINE void long_strips(const int M, const ck_weight_operands *o, const uint8_t *w, float *y) {
  size_t stride = 2 * o->columns, x_stride = ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, o->columns);
  const uint8_t *upper = o->x, *lower = upper + 4 * x_stride;
  __m512 sums[STRIPS][2][16];
  for (int s = 0; s < STRIPS; s++)
    for (int i = 0; i < 16; i++) sums[s][0][i] = sums[s][1][i] = _mm512_setzero_ps();
  for (size_t l = 0; l < o->columns; l += PART) {
    size_t count = o->columns - l < PART ? o->columns - l : PART;
    for (int s = 0; s < STRIPS; s++) {
      const uint8_t *part = w + (size_t)s * 4 * stride + 2 * l, *next = part + 4 * stride;
      if (s + 1 == STRIPS && l + PART < o->columns) next = w + 2 * (l + PART);
      // In registers while they are added to.
      __m512 kept[16];
      memcpy(kept, sums[s][0], sizeof kept);
      add_products(4, 4, upper + 2 * l, x_stride, part, stride, count, next, EVEN, kept);
      memcpy(sums[s][0], kept, sizeof kept);
      memcpy(kept, sums[s][1], sizeof kept);
      add_products(M, 4, lower + 2 * l, x_stride, part, stride, count, next, ODD, kept);
      memcpy(sums[s][1], kept, sizeof kept);
    }
  }
  for (int s = 0; s < STRIPS; s++) {
    put_tile(4, 4, sums[s][0], y + 4 * s, o->ldy, o->accumulate);
    put_tile(M, 4, sums[s][1], y + 4 * o->ldy + 4 * s, o->ldy, o->accumulate);
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
  if (o->m > 4 && o->m <= 8 && o->columns > LONG) {
    for (; j + 4 * STRIPS <= o->n; j += 4 * STRIPS) {
      switch (o->m) {
      case 5: long_strips(1, o, w + j * stride, o->y + j); break;
      case 6: long_strips(2, o, w + j * stride, o->y + j); break;
      case 7: long_strips(3, o, w + j * stride, o->y + j); break;
      case 8: long_strips(4, o, w + j * stride, o->y + j); break;
      }
    }
  }
  for (; j + 4 <= o->n; j += 4) strip(4, o, w + j * stride, o->y + j);
  for (; j < o->n; j++) strip(1, o, w + j * stride, o->y + j);
}

#pragma clang attribute pop
#endif
