/// Few rows of x with weights of every format, on processors with AVX2.
#include "weight_products.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum {
  BLOCK = CK_INT8_BLOCK,
  ROWS = CK_INT8_ROWS,
  /// Columns that are expanded to float32 at a time.
  PART = 1024,
  /// Of a single row of x; few models have wider ones.
  ROW = 12288,
  /// Rows of weights that are expanded at a time.
  STRIP = 6,
  /// Rows of weights that one expansion of x serves.
  GROUP = 8 * STRIP,
  /// Rows of x that are expanded at a time.
  FEW = 24,
};

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

/// The sums of four vectors.
CK_INLINE __m128 sums4(__m256 a, __m256 b, __m256 c, __m256 d) {
  __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

/// Rows of memory that will be read next, fetched a line at a time between the arithmetic.
typedef struct {
  const uint8_t *next, *row_end;
  /// Of a row, and from one to the next, in bytes.
  size_t length, stride;
  /// Rows behind this one.
  size_t rows;
} ahead_t;

CK_INLINE ahead_t rows_ahead(const uint8_t *first, size_t rows, size_t length, size_t stride) {
  return (ahead_t){first, rows > 0 ? first + length : first, length, stride, rows > 0 ? rows - 1 : 0};
}

CK_INLINE void fetch(ahead_t *ahead) {
  if (ahead->next >= ahead->row_end) {
    if (ahead->rows == 0) return;
    ahead->rows--;
    ahead->row_end += ahead->stride;
    ahead->next = ahead->row_end - ahead->length;
  }
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

/// Strips of float32 weights as they are.
static void float32_product(const ck_weight_operands *o) {
  size_t columns = o->columns;
  const float *x = o->x, *w = (const float *)o->w + o->first * columns;
  for (size_t j = 0; j < o->n; j += STRIP) {
    size_t rows = o->n - j < STRIP ? o->n - j : STRIP, left = o->n - j - rows;
    const float *first = w + j * columns;
    ahead_t ahead = rows_ahead(
        (const uint8_t *)(first + rows * columns), left < STRIP ? left : STRIP, 4 * columns, 4 * columns);
    tiles(x, columns, first, columns, columns, o->y + j, o->ldy, o->m, rows, o->accumulate, ahead);
  }
}

// MARK: bfloat16

CK_INLINE __m256 load_bf16(const uint8_t *source) {
  __m128i halves = _mm_loadu_si128((const __m128i *)(const void *)source);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

/// One row of x, already float32, with N rows of weights, while those behind them are fetched.
CK_INLINE void vector_bf16(
    const int N, const float *x, const uint8_t *w, size_t stride, size_t columns, float *y, bool accumulate,
    ahead_t ahead) {
  __m256 sums[4][2];
  for (int r = 0; r < 4; r++) sums[r][0] = sums[r][1] = _mm256_setzero_ps();
  size_t l = 0;
  for (; l + 16 <= columns; l += 16) {
    __m256 a = _mm256_loadu_ps(x + l), b = _mm256_loadu_ps(x + l + 8);
    fetch(&ahead);
    fetch(&ahead);
    for (int r = 0; r < N; r++) {
      const uint8_t *row = w + (size_t)r * stride + 2 * l;
      sums[r][0] = _mm256_fmadd_ps(a, load_bf16(row), sums[r][0]);
      sums[r][1] = _mm256_fmadd_ps(b, load_bf16(row + 16), sums[r][1]);
    }
  }
  float dots[4];
  __m256 all[4];
  for (int r = 0; r < 4; r++) all[r] = _mm256_add_ps(sums[r][0], sums[r][1]);
  _mm_storeu_ps(dots, sums4(all[0], all[1], all[2], all[3]));
  for (; l < columns; l++)
    for (int r = 0; r < N; r++) dots[r] += x[l] * ck_from_bf16(w + (size_t)r * stride + 2 * l);
  for (int r = 0; r < N; r++) ck_put(y + r, dots[r], accumulate);
}

/// One row of x, expanded once, reads the weights as they are: whole rows, as they lie.
static void bf16_vector_product(const ck_weight_operands *o) {
  float x[ROW] __attribute__((aligned(32)));
  size_t stride = 2 * o->columns;
  for (size_t l = 0; l < o->columns; l += ROW) {
    size_t count = o->columns - l < ROW ? o->columns - l : ROW;
    bool accumulate = o->accumulate || l > 0;
    ck_bf16_to_f32((const uint8_t *)o->x + 2 * l, x, count);
    const uint8_t *w = (const uint8_t *)o->w + o->first * stride + 2 * l;
    size_t j = 0;
    for (; j + 4 <= o->n; j += 4) {
      size_t left = o->n - j - 4;
      ahead_t ahead = rows_ahead(w + (j + 4) * stride, left < 4 ? left : 4, 2 * count, stride);
      vector_bf16(4, x, w + j * stride, stride, count, o->y + j, accumulate, ahead);
    }
    for (; j < o->n; j++)
      vector_bf16(1, x, w + j * stride, stride, count, o->y + j, accumulate, rows_ahead(w, 0, 0, 0));
  }
}

/// The strip of weights behind one of `rows` at (j, l), where parts of `group` rows from `first` are gone through.
CK_INLINE ahead_t strip_ahead(
    const ck_weight_operands *o, size_t first, size_t group, size_t j, size_t rows, size_t l) {
  size_t stride = 2 * o->columns;
  j += rows;
  if (j == first + group) {
    l += PART;
    if (l < o->columns)
      j = first;
    else
      l = 0;
  }
  size_t left = o->n - j, count = o->columns - l < PART ? o->columns - l : PART;
  const uint8_t *w = (const uint8_t *)o->w + (o->first + j) * stride + 2 * l;
  return rows_ahead(w, left < STRIP ? left : STRIP, 2 * count, stride);
}

/// Several rows of x. A part of their columns is expanded once for a group of strips of weights; each strip is expanded
/// into the first cache, and while its tiles are computed the next one is fetched.
static void bf16_product(const ck_weight_operands *o) {
  float strip[STRIP * PART] __attribute__((aligned(64))), x[FEW * PART] __attribute__((aligned(64)));
  size_t stride = 2 * o->columns, x_stride = ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, o->columns);
  const uint8_t *w = (const uint8_t *)o->w + o->first * stride;
  for (size_t i = 0; i < o->m; i += FEW)
    for (size_t first = 0; first < o->n; first += GROUP) {
      size_t many = o->m - i < FEW ? o->m - i : FEW, group = o->n - first < GROUP ? o->n - first : GROUP;
      for (size_t l = 0; l < o->columns; l += PART) {
        size_t count = o->columns - l < PART ? o->columns - l : PART;
        for (size_t r = 0; r < many; r++)
          ck_bf16_to_f32((const uint8_t *)o->x + (i + r) * x_stride + 2 * l, x + r * PART, count);
        for (size_t j = first; j < first + group; j += STRIP) {
          size_t rows = first + group - j < STRIP ? first + group - j : STRIP;
          for (size_t r = 0; r < rows; r++)
            ck_bf16_to_f32(w + (j + r) * stride + 2 * l, strip + r * PART, count);
          tiles(
              x, PART, strip, PART, count, o->y + i * o->ldy + j, o->ldy, many, rows, o->accumulate || l > 0,
              strip_ahead(o, first, group, j, rows, l));
        }
      }
    }
}

// MARK: int8

/// The bytes of x times those of the weights, four columns of eight rows: even and odd columns as 16 bits.
CK_INLINE __m256i multiply4(__m256i sums, const uint8_t *w, __m256i even, __m256i odd) {
  __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)w);
  __m256i first = _mm256_madd_epi16(_mm256_and_si256(bytes, _mm256_set1_epi16(0xFF)), even);
  __m256i second = _mm256_madd_epi16(_mm256_srli_epi16(bytes, 8), odd);
  return _mm256_add_epi32(sums, _mm256_add_epi32(first, second));
}

/// M rows of x with one panel.
CK_INLINE void panel_int8(
    const int M, const uint8_t *x, size_t x_stride, size_t columns, const uint8_t *w, float *dots) {
  __m256 sums[2][2];
  for (int i = 0; i < M; i++) sums[i][0] = sums[i][1] = _mm256_setzero_ps();
  const uint8_t *scales = x + ck_int8_scales(columns), *corrections = x + ck_int8_corrections(columns);
  for (size_t block = 0; block < ck_blocks(columns); block++, w += CK_INT8_BLOCK_BYTES) {
    __m256i products[2][2];
    for (int i = 0; i < M; i++) {
      int32_t correction;
      memcpy(&correction, corrections + (size_t)i * x_stride + 4 * block, 4);
      products[i][0] = products[i][1] = _mm256_set1_epi32(correction);
    }
    for (int group = 0; group < BLOCK / 4; group++)
      for (int i = 0; i < M; i++) {
        int32_t four;
        memcpy(&four, x + (size_t)i * x_stride + BLOCK * block + 4 * group, 4);
        __m256i values = _mm256_set1_epi32(four);
        __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(values, 8), 8);
        __m256i odd = _mm256_srai_epi16(values, 8);
        products[i][0] = multiply4(products[i][0], w + 64 * group, even, odd);
        products[i][1] = multiply4(products[i][1], w + 64 * group + 32, even, odd);
      }
    for (int i = 0; i < M; i++) {
      float scale;
      memcpy(&scale, scales + (size_t)i * x_stride + 4 * block, 4);
      for (int half = 0; half < 2; half++) {
        __m256 both = _mm256_mul_ps(load_bf16(w + ROWS * BLOCK + 16 * half), _mm256_set1_ps(scale));
        sums[i][half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products[i][half]), both, sums[i][half]);
      }
    }
  }
  for (int i = 0; i < M; i++)
    for (int half = 0; half < 2; half++) _mm256_storeu_ps(dots + ROWS * i + 8 * half, sums[i][half]);
}

static void int8_product(const ck_weight_operands *o) {
  size_t x_stride = ck_operand_row_bytes(CK_WEIGHTS_INT8, o->columns);
  size_t bytes = ck_weight_panel_bytes(CK_WEIGHTS_INT8, o->columns);
  for (size_t j = 0; j < o->n; j += ROWS) {
    const uint8_t *w = (const uint8_t *)o->w + (o->first + j) / ROWS * bytes;
    size_t rows = o->n - j < ROWS ? o->n - j : ROWS;
    for (size_t i = 0; i < o->m; i += 2) {
      const uint8_t *x = (const uint8_t *)o->x + i * x_stride;
      size_t many = o->m - i < 2 ? 1 : 2;
      float dots[2 * ROWS];
      if (many == 2)
        panel_int8(2, x, x_stride, o->columns, w, dots);
      else
        panel_int8(1, x, x_stride, o->columns, w, dots);
      for (size_t r = 0; r < many; r++)
        for (size_t row = 0; row < rows; row++)
          ck_put(o->y + (i + r) * o->ldy + j + row, dots[ROWS * r + row], o->accumulate);
    }
  }
}

void ck_weight_product_avx2(const ck_weight_operands *o) {
  switch (o->format) {
  case CK_WEIGHTS_FLOAT32: float32_product(o); break;
  case CK_WEIGHTS_BFLOAT16:
    if (o->m == 1)
      bf16_vector_product(o);
    else
      bf16_product(o);
    break;
  case CK_WEIGHTS_INT8: int8_product(o); break;
  }
}

#pragma clang attribute pop
#endif
