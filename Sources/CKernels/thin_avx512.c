/// Products with a handful of rows (AVX-512). In attention the rows of b are the keys or values of one head, which lie
/// apart from each other: the processor does not see by itself which come next.
#include "avx512.h"
#include "thin.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target(CK_AVX512))), apply_to = function)

enum {
  WIDTH = 16,
  /// Rows of b that are multiplied together with up to as many of a.
  SIDE = 4,
  /// Rows of a and vectors of columns whose sums stay in registers while b passes by.
  ROWS = 3,
  VECTORS = 8,
  /// Rows of b that are fetched ahead.
  AHEAD = 8,
};

CK_INLINE __mmask16 lanes(size_t count) { return (__mmask16)(count >= WIDTH ? 0xFFFFu : (1u << count) - 1); }

/// beta == 0 must not read c, which may be uninitialised.
CK_INLINE void put(float *c, float sum, float alpha, float beta) {
  *c = beta == 0.0f ? alpha * sum : alpha * sum + beta * *c;
}

/// M rows of a with N of b. Meanwhile the next N are fetched.
CK_INLINE void tile(
    const int M, const int N, const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc,
    size_t k, float alpha, float beta) {
  __m512 sums[16];
  for (int i = 0; i < 16; i++) sums[i] = _mm512_setzero_ps();
  for (size_t l = 0; l < k; l += WIDTH) {
    __mmask16 mask = lanes(k - l);
    __m512 rows[SIDE];
    for (int j = 0; j < N; j++) {
      rows[j] = _mm512_maskz_loadu_ps(mask, b + (size_t)j * ldb + l);
      _mm_prefetch((const char *)(b + (size_t)(N + j) * ldb + l), _MM_HINT_T0);
    }
    for (int i = 0; i < M; i++) {
      __m512 row = _mm512_maskz_loadu_ps(mask, a + (size_t)i * lda + l);
      for (int j = 0; j < N; j++) sums[SIDE * i + j] = _mm512_fmadd_ps(row, rows[j], sums[SIDE * i + j]);
    }
  }
  float dots[16];
  _mm512_storeu_ps(dots, ck_sums16(sums));
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) put(c + (size_t)i * ldc + j, dots[SIDE * i + j], alpha, beta);
}

/// All rows of a with N of b; each number of rows is a loop of its own.
CK_INLINE void strip(
    const int N, const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m,
    size_t k, float alpha, float beta) {
  for (size_t i = 0; i < m; i += SIDE) {
    const float *rows = a + i * lda;
    float *out = c + i * ldc;
    switch (m - i) {
    case 1: tile(1, N, rows, lda, b, ldb, out, ldc, k, alpha, beta); break;
    case 2: tile(2, N, rows, lda, b, ldb, out, ldc, k, alpha, beta); break;
    case 3: tile(3, N, rows, lda, b, ldb, out, ldc, k, alpha, beta); break;
    default: tile(4, N, rows, lda, b, ldb, out, ldc, k, alpha, beta);
    }
  }
}

void ck_thin_product_transposed_avx512(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta) {
  size_t j = 0;
  for (; j + SIDE <= n; j += SIDE) strip(SIDE, a, lda, b + j * ldb, ldb, c + j, ldc, m, k, alpha, beta);
  for (; j < n; j++) strip(1, a, lda, b + j * ldb, ldb, c + j, ldc, m, k, alpha, beta);
}

/// M rows of a with the columns of b that `masks` has.
CK_INLINE void columns(
    const int M, const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t k,
    const __mmask16 masks[VECTORS], float alpha, float beta) {
  __m512 sums[ROWS][VECTORS];
  for (int i = 0; i < M; i++)
    for (int v = 0; v < VECTORS; v++) sums[i][v] = _mm512_setzero_ps();
  for (size_t l = 0; l < k; l++) {
    const float *row = b + l * ldb;
    __m512 factors[ROWS];
    for (int i = 0; i < M; i++) factors[i] = _mm512_set1_ps(a[(size_t)i * lda + l]);
    for (int v = 0; v < VECTORS; v++) {
      __m512 values = _mm512_maskz_loadu_ps(masks[v], row + WIDTH * v);
      _mm_prefetch((const char *)(row + AHEAD * ldb + WIDTH * v), _MM_HINT_T0);
      for (int i = 0; i < M; i++) sums[i][v] = _mm512_fmadd_ps(factors[i], values, sums[i][v]);
    }
  }
  for (int i = 0; i < M; i++)
    for (int v = 0; v < VECTORS; v++) {
      float *out = c + (size_t)i * ldc + WIDTH * v;
      __m512 sum = _mm512_mul_ps(sums[i][v], _mm512_set1_ps(alpha));
      if (beta != 0.0f) sum = _mm512_fmadd_ps(_mm512_set1_ps(beta), _mm512_maskz_loadu_ps(masks[v], out), sum);
      _mm512_mask_storeu_ps(out, masks[v], sum);
    }
}

void ck_thin_product_avx512(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta) {
  for (size_t j = 0; j < n; j += WIDTH * VECTORS) {
    __mmask16 masks[VECTORS];
    for (size_t v = 0; v < VECTORS; v++) masks[v] = n > j + WIDTH * v ? lanes(n - j - WIDTH * v) : 0;
    for (size_t i = 0; i < m; i += ROWS) {
      const float *rows = a + i * lda;
      float *out = c + i * ldc + j;
      switch (m - i) {
      case 1: columns(1, rows, lda, b + j, ldb, out, ldc, k, masks, alpha, beta); break;
      case 2: columns(2, rows, lda, b + j, ldb, out, ldc, k, masks, alpha, beta); break;
      default: columns(3, rows, lda, b + j, ldb, out, ldc, k, masks, alpha, beta);
      }
    }
  }
}

#pragma clang attribute pop
#endif
