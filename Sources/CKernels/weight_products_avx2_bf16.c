/// Few rows of x with bfloat16 weights, on processors with AVX2. Both stay as they lie in memory: a shift makes float32 of
/// the even columns and a mask of the odd ones, which costs less than to write them down once and read them again.
#include "avx2.h"
#include "weight_products.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target(CK_AVX2))), apply_to = function)

enum {
  /// Columns of a step, and bytes of a line of the cache, which they fill.
  WIDTH = 32,
  LINE = 64,
  /// Rows of x and of weights whose sums stay in registers.
  FEW = 4,
  ROWS = 2,
};

/// The even and the odd ones of 16 columns.
CK_INLINE __m256 even(const uint8_t *source) { return _mm256_castsi256_ps(_mm256_slli_epi32(ck_load_bytes(source), 16)); }
CK_INLINE __m256 odd(const uint8_t *source) {
  return _mm256_castsi256_ps(_mm256_and_si256(ck_load_bytes(source), _mm256_set1_epi32((int)0xFFFF0000u)));
}

/// The compiler shall not read ahead of here: what it read would not stay in registers.
#define READ_NO_FURTHER __asm__ volatile("" ::: "memory")

/// Adds the products of 16 columns of M rows of x with N of weights.
CK_INLINE void add_products(
    const int M, const int N, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t w_stride, __m256 sums[FEW][ROWS]) {
  __m256 b[ROWS];
  for (int j = 0; j < N; j++) b[j] = even(w + (size_t)j * w_stride);
  for (int i = 0; i < M; i++) {
    __m256 a = even(x + (size_t)i * x_stride);
    for (int j = 0; j < N; j++) sums[i][j] = _mm256_fmadd_ps(a, b[j], sums[i][j]);
  }
  READ_NO_FURTHER;
  for (int j = 0; j < N; j++) b[j] = odd(w + (size_t)j * w_stride);
  for (int i = 0; i < M; i++) {
    __m256 a = odd(x + (size_t)i * x_stride);
    for (int j = 0; j < N; j++) sums[i][j] = _mm256_fmadd_ps(a, b[j], sums[i][j]);
  }
  READ_NO_FURTHER;
}

/// M rows of x with N rows of weights; FETCH as many behind them meanwhile, line after line, as memory is quickest with a
/// single stream. Every lane adds in the order of the columns, so that the sums are the same to the last bit, however many
/// rows of x are multiplied at once.
CK_INLINE void tile(
    const int M, const int N, const bool FETCH, const uint8_t *x, size_t x_stride, const uint8_t *w, size_t columns, float *y,
    size_t ldy, bool accumulate) {
  size_t stride = 2 * columns, whole = columns / WIDTH * LINE;
  __m256 sums[FEW][ROWS];
  for (int i = 0; i < FEW; i++)
    for (int j = 0; j < ROWS; j++) sums[i][j] = _mm256_setzero_ps();
  const uint8_t *next = w + (size_t)N * stride;
#pragma clang loop unroll(disable)
  for (size_t at = 0; at < whole; at += LINE) {
    for (int j = 0; FETCH && j < N; j++) _mm_prefetch((const char *)next + (size_t)N * at + LINE * j, _MM_HINT_T0);
    add_products(M, N, x + at, x_stride, w + at, stride, sums);
    add_products(M, N, x + at + LINE / 2, x_stride, w + at + LINE / 2, stride, sums);
  }
  if (whole < stride) {
    // Rows of x are filled up with zeros; a row of weights ends here, perhaps with the file.
    uint8_t rest[ROWS * LINE] = {0};
    for (int j = 0; j < N; j++) memcpy(rest + LINE * j, w + (size_t)j * stride + whole, stride - whole);
    add_products(M, N, x + whole, x_stride, rest, LINE, sums);
    add_products(M, N, x + whole + LINE / 2, x_stride, rest + LINE / 2, LINE, sums);
  }
  for (int j = 0; j < N; j++) {
    float dots[FEW];
    _mm_storeu_ps(dots, ck_sums4(sums[0][j], sums[1][j], sums[2][j], sums[3][j]));
    for (int i = 0; i < M; i++) ck_put(y + (size_t)i * ldy + j, dots[i], accumulate);
  }
}

/// All rows of x with N rows of weights.
CK_INLINE void strip(const int N, const bool FETCH, const ck_weight_operands *o, const uint8_t *w, float *y) {
  size_t x_stride = ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, o->columns), i = 0;
  const uint8_t *x = o->x;
#define ROWS_OF_X(M, FETCHING) \
  tile(M, N, FETCHING, x + i * x_stride, x_stride, w, o->columns, y + i * o->ldy, o->ldy, o->accumulate)
  if (o->m >= FEW) {
    ROWS_OF_X(FEW, FETCH);
    for (i = FEW; i + FEW <= o->m; i += FEW) ROWS_OF_X(FEW, false);
  }
  switch (o->m - i) {
  case 1: ROWS_OF_X(1, FETCH); break;
  case 2: ROWS_OF_X(2, FETCH); break;
  case 3: ROWS_OF_X(3, FETCH); break;
  }
#undef ROWS_OF_X
}

void ck_weight_product_avx2_bf16(const ck_weight_operands *o) {
  size_t stride = 2 * o->columns, j = 0;
  const uint8_t *w = (const uint8_t *)o->w + o->first * stride;
  for (; j + ROWS <= o->n; j += ROWS) strip(ROWS, true, o, w + j * stride, o->y + j);
  for (; j < o->n; j++) strip(1, false, o, w + j * stride, o->y + j);
}

#pragma clang attribute pop
#endif
