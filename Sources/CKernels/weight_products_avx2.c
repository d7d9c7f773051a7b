/// Few rows of x with float32 weights, on processors with AVX2.
#include "avx2.h"
#include "weight_products.h"

#if defined(__x86_64__)

enum {
  /// Rows of weights that stay in the first cache while all rows of x are multiplied with them.
  STRIP = 6,
};

#pragma clang attribute push(__attribute__((target(CK_AVX2))), apply_to = function)

/// Memory that will be read next, fetched a line at a time between the arithmetic.
typedef struct {
  const uint8_t *next, *end;
} ahead_t;

CK_INLINE void fetch(ahead_t *ahead) {
  if (ahead->next >= ahead->end) return;
  _mm_prefetch((const char *)ahead->next, _MM_HINT_T0);
  ahead->next += 64;
}

/// The first `count` of eight lanes, for a row's last columns.
CK_INLINE __m256i first_lanes(size_t count) {
  return _mm256_cmpgt_epi32(
      _mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/// A tile of M × N dot products in M · N registers. M is at most 4, N at most 3.
CK_INLINE void tile(
    const int M, const int N, const float *x, size_t ldx, const float *w, size_t ldw, size_t k, float *y,
    size_t ldy, bool accumulate, ahead_t *ahead) {
  __m256 sums[4][3];
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 3; j++) sums[i][j] = _mm256_setzero_ps();
  size_t l = 0;
  for (; l + 8 <= k; l += 8) {
    fetch(ahead);
    __m256 b[3];
    for (int j = 0; j < N; j++) b[j] = _mm256_loadu_ps(w + j * ldw + l);
    for (int i = 0; i < M; i++) {
      __m256 a = _mm256_loadu_ps(x + i * ldx + l);
      for (int j = 0; j < N; j++) sums[i][j] = _mm256_fmadd_ps(a, b[j], sums[i][j]);
    }
  }
  if (l < k) {
    __m256i lanes = first_lanes(k - l);
    for (int j = 0; j < N; j++) {
      __m256 b = _mm256_maskload_ps(w + j * ldw + l, lanes);
      for (int i = 0; i < M; i++)
        sums[i][j] = _mm256_fmadd_ps(_mm256_maskload_ps(x + i * ldx + l, lanes), b, sums[i][j]);
    }
  }
  for (int j = 0; j < N; j++) {
    float dots[4];
    _mm_storeu_ps(dots, ck_sums4(sums[0][j], sums[1][j], sums[2][j], sums[3][j]));
    for (int i = 0; i < M; i++) y[i * ldy + j] = accumulate ? y[i * ldy + j] + dots[i] : dots[i];
  }
}

/// `tile` for every size of the edges; each case is a loop of its own with its sums in registers.
static void any_tile(
    size_t m, size_t n, const float *x, size_t ldx, const float *w, size_t ldw, size_t k, float *y,
    size_t ldy, bool accumulate, ahead_t *ahead) {
#define CASE(M, N)                                                  \
  case 4 * N + M - 1:                                               \
    tile(M, N, x, ldx, w, ldw, k, y, ldy, accumulate, ahead);       \
    break;
  switch (4 * n + m - 1) {
    CASE(1, 1) CASE(2, 1) CASE(3, 1) CASE(4, 1)
    CASE(1, 2) CASE(2, 2) CASE(3, 2) CASE(4, 2)
    CASE(1, 3) CASE(2, 3) CASE(3, 3) CASE(4, 3)
  }
#undef CASE
}

CK_INLINE void tiles(
    const float *x, size_t ldx, const float *w, size_t ldw, size_t k, float *y, size_t ldy, size_t m,
    size_t n, bool accumulate, ahead_t ahead) {
  for (size_t i = 0; i < m; i += 4)
    for (size_t j = 0; j < n; j += 3)
      any_tile(
          m - i < 4 ? m - i : 4, n - j < 3 ? n - j : 3, x + i * ldx, ldx, w + j * ldw, ldw, k,
          y + i * ldy + j, ldy, accumulate, &ahead);
}

void ck_weight_product_avx2(const ck_weight_operands *o) {
  size_t columns = o->columns;
  const float *x = o->x, *w = (const float *)o->w + o->first * columns;
  for (size_t j = 0; j < o->n; j += STRIP) {
    size_t rows = o->n - j < STRIP ? o->n - j : STRIP, left = o->n - j - rows;
    const float *first = w + j * columns;
    const float *behind = first + rows * columns;
    ahead_t ahead = {(const uint8_t *)behind, (const uint8_t *)(behind + (left < STRIP ? left : STRIP) * columns)};
    tiles(x, columns, first, columns, columns, o->y + j, o->ldy, o->m, rows, o->accumulate, ahead);
  }
}

#pragma clang attribute pop
#endif
