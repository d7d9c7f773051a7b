/// Products with weights as they are kept, for few rows of x: decoding reads every weight once a step, so
/// what counts is that the memory never waits for the arithmetic.
#include "dispatch.h"

enum {
  BLOCK = CK_INT8_BLOCK,
  /// Columns that are expanded to float32 at a time; a multiple of BLOCK.
  PANEL_COLUMNS = 1024,
  /// Rows of weights that are expanded at a time.
  PANEL_ROWS = 6,
  /// The longest row for which one row of x is turned to 16-bit integers.
  LONGEST_INTEGER_ROW = 32768,
};

// MARK: Portable

/// y[i, j] (+)= x[i, :] · panel[j, :]
CK_INLINE void multiply_panel(
    const float *x, size_t ldx, const float *panel, size_t ldp, size_t count, float *y, size_t ldy, size_t m,
    size_t n, bool accumulate) {
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < m; i++) {
      float dot = ck_dot1(x + i * ldx, panel + j * ldp, count);
      float *out = y + i * ldy + j;
      *out = accumulate ? *out + dot : dot;
    }
}

static void product_portable(
    const float *x, size_t ldx, const uint8_t *w, ck_weight_format format, size_t columns, float *y,
    size_t ldy, size_t m, size_t n, bool accumulate) {
  float panel[PANEL_ROWS * PANEL_COLUMNS];
  size_t stride = ck_weight_row_bytes(format, columns);
  for (size_t j = 0; j < n; j += PANEL_ROWS) {
    size_t rows = n - j < PANEL_ROWS ? n - j : PANEL_ROWS;
    for (size_t l = 0; l < columns; l += PANEL_COLUMNS) {
      size_t count = columns - l < PANEL_COLUMNS ? columns - l : PANEL_COLUMNS;
      for (size_t r = 0; r < rows; r++)
        ck_expand_weights(w + (j + r) * stride, format, columns, l, count, panel + r * PANEL_COLUMNS);
      multiply_panel(
          x + l, ldx, panel, PANEL_COLUMNS, count, y + j, ldy, m, rows, accumulate || l > 0);
    }
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

// MARK: AVX2

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

/// The sums of four vectors.
CK_INLINE __m128 sums4(__m256 a, __m256 b, __m256 c, __m256 d) {
  __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

/// Memory that will be read next, fetched a line at a time between the arithmetic.
typedef struct {
  const uint8_t *next, *end;
} ahead_t;

CK_INLINE void fetch(ahead_t *ahead) {
  _mm_prefetch((const char *)ahead->next, _MM_HINT_T0);
  ahead->next = ahead->next < ahead->end ? ahead->next + 64 : ahead->next;
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
    _mm_storeu_ps(dots, sums4(sums[0][j], sums[1][j], sums[2][j], sums[3][j]));
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

/// Panels of weights are expanded into the first cache; while their tiles are computed the next panel is
/// fetched.
static void product_avx2(
    const float *x, size_t ldx, const uint8_t *w, ck_weight_format format, size_t columns, float *y,
    size_t ldy, size_t m, size_t n, bool accumulate) {
  float panel[PANEL_ROWS * PANEL_COLUMNS] __attribute__((aligned(64)));
  size_t stride = ck_weight_row_bytes(format, columns);
  const uint8_t *end = w + n * stride;
  for (size_t j = 0; j < n; j += PANEL_ROWS) {
    size_t rows = n - j < PANEL_ROWS ? n - j : PANEL_ROWS;
    const uint8_t *first = w + j * stride, *next = first + rows * stride;
    if (format == CK_WEIGHTS_FLOAT32) {
      ahead_t ahead = {next, next + rows * stride < end ? next + rows * stride : end};
      tiles(
          x, ldx, (const float *)(const void *)first, columns, columns, y + j, ldy, m, rows, accumulate,
          ahead);
      continue;
    }
    for (size_t l = 0; l < columns; l += PANEL_COLUMNS) {
      size_t count = columns - l < PANEL_COLUMNS ? columns - l : PANEL_COLUMNS;
      for (size_t r = 0; r < rows; r++)
        ck_expand_weights(first + r * stride, format, columns, l, count, panel + r * PANEL_COLUMNS);
      // A share of the next rows for every panel of these.
      size_t share = (rows * stride * count + columns - 1) / columns;
      ahead_t ahead = {next, next + share < end ? next + share : end};
      next = ahead.end;
      tiles(
          x + l, ldx, panel, PANEL_COLUMNS, count, y + j, ldy, m, rows, accumulate || l > 0, ahead);
    }
  }
}

CK_INLINE __m256 load_bf16(const uint8_t *source) {
  __m128i halves = _mm_loadu_si128((const __m128i *)(const void *)source);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

/// One row of x against rows of bfloat16, `R` at a time.
CK_INLINE void vector_bf16(
    const int R, const float *x, const uint8_t *w, size_t stride, size_t columns, float *dots) {
  __m256 sums[4][2];
  for (int r = 0; r < 4; r++) sums[r][0] = sums[r][1] = _mm256_setzero_ps();
  size_t l = 0;
  for (; l + 16 <= columns; l += 16) {
    __m256 a = _mm256_loadu_ps(x + l), b = _mm256_loadu_ps(x + l + 8);
    for (int r = 0; r < R; r++) {
      const uint8_t *row = w + r * stride + 2 * l;
      sums[r][0] = _mm256_fmadd_ps(a, load_bf16(row), sums[r][0]);
      sums[r][1] = _mm256_fmadd_ps(b, load_bf16(row + 16), sums[r][1]);
    }
  }
  __m256 all[4];
  for (int r = 0; r < 4; r++) all[r] = _mm256_add_ps(sums[r][0], sums[r][1]);
  _mm_storeu_ps(dots, sums4(all[0], all[1], all[2], all[3]));
  for (; l < columns; l++)
    for (int r = 0; r < R; r++) {
      uint16_t half;
      memcpy(&half, w + r * stride + 2 * l, 2);
      uint32_t bits = (uint32_t)half << 16;
      float value;
      memcpy(&value, &bits, 4);
      dots[r] += x[l] * value;
    }
}

/// A row of x in blocks of 16-bit integers, each with its scale: 2^-16 of a block's largest value is far
/// below what eight-bit weights resolve, and the products of a block stay exact in 32 bits.
static void to_integers(const float *x, size_t columns, int16_t *values, float *scales) {
  for (size_t start = 0, block = 0; start < columns; start += BLOCK, block++) {
    size_t count = columns - start < BLOCK ? columns - start : BLOCK;
    float most = 0;
    for (size_t i = 0; i < count; i++) {
      float size = fabsf(x[start + i]);
      most = size > most || size != size ? size : most;
    }
    scales[block] = most / 32767.0f;
    float inverse = most > 0 ? 32767.0f / most : 0.0f;
    for (size_t i = 0; i < BLOCK; i++)
      values[start + i] = i < count && most < INFINITY ? (int16_t)rintf(x[start + i] * inverse) : 0;
  }
}

CK_INLINE __m256i load_int8(const uint8_t *source) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)source));
}

/// One row of x against rows of int8, `R` at a time.
CK_INLINE void vector_int8(
    const int R, const int16_t *x, const float *x_scales, const uint8_t *w, size_t stride, size_t blocks,
    float *dots) {
  __m256 sums[4];
  for (int r = 0; r < 4; r++) sums[r] = _mm256_setzero_ps();
  const uint8_t *scales = w + blocks * BLOCK;
  for (size_t block = 0; block < blocks; block++) {
    const int16_t *values = x + block * BLOCK;
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)values);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(values + 16));
    for (int r = 0; r < R; r++) {
      const uint8_t *row = w + r * stride + block * BLOCK;
      __m256i dot = _mm256_add_epi32(
          _mm256_madd_epi16(a, load_int8(row)), _mm256_madd_epi16(b, load_int8(row + 16)));
      uint16_t half;
      memcpy(&half, scales + r * stride + 2 * block, 2);
      uint32_t bits = (uint32_t)half << 16;
      float scale;
      memcpy(&scale, &bits, 4);
      sums[r] = _mm256_fmadd_ps(
          _mm256_cvtepi32_ps(dot), _mm256_set1_ps(scale * x_scales[block]), sums[r]);
    }
  }
  _mm_storeu_ps(dots, sums4(sums[0], sums[1], sums[2], sums[3]));
}

CK_INLINE void put(const float *dots, size_t count, float *y, bool accumulate) {
  for (size_t r = 0; r < count; r++) y[r] = accumulate ? y[r] + dots[r] : dots[r];
}

static void vector_product_avx2(
    const float *x, const uint8_t *w, ck_weight_format format, size_t columns, float *y, size_t n,
    bool accumulate) {
  size_t stride = ck_weight_row_bytes(format, columns);
  float dots[4];
  size_t j = 0;
  if (format == CK_WEIGHTS_BFLOAT16) {
    for (; j + 4 <= n; j += 4) {
      vector_bf16(4, x, w + j * stride, stride, columns, dots);
      put(dots, 4, y + j, accumulate);
    }
    for (; j < n; j++) {
      vector_bf16(1, x, w + j * stride, stride, columns, dots);
      put(dots, 1, y + j, accumulate);
    }
    return;
  }
  int16_t values[LONGEST_INTEGER_ROW] __attribute__((aligned(64)));
  float scales[LONGEST_INTEGER_ROW / BLOCK];
  to_integers(x, columns, values, scales);
  size_t blocks = (columns + BLOCK - 1) / BLOCK;
  for (; j + 4 <= n; j += 4) {
    vector_int8(4, values, scales, w + j * stride, stride, blocks, dots);
    put(dots, 4, y + j, accumulate);
  }
  for (; j < n; j++) {
    vector_int8(1, values, scales, w + j * stride, stride, blocks, dots);
    put(dots, 1, y + j, accumulate);
  }
}

#pragma clang attribute pop
#endif

void ck_weight_product(
    const float *x, size_t ldx, const void *w, ck_weight_format format, size_t columns, float *y, size_t ldy,
    size_t m, size_t n, bool accumulate) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    bool vector = format == CK_WEIGHTS_BFLOAT16
        || (format == CK_WEIGHTS_INT8 && columns <= LONGEST_INTEGER_ROW);
    if (m == 1 && vector)
      vector_product_avx2(x, w, format, columns, y, n, accumulate);
    else
      product_avx2(x, ldx, w, format, columns, y, ldy, m, n, accumulate);
    return;
  }
#endif
  ck_weight_product_portable(x, ldx, w, format, columns, y, ldy, m, n, accumulate);
}

void ck_weight_product_portable(
    const float *x, size_t ldx, const void *w, ck_weight_format format, size_t columns, float *y, size_t ldy,
    size_t m, size_t n, bool accumulate) {
  product_portable(x, ldx, w, format, columns, y, ldy, m, n, accumulate);
}
