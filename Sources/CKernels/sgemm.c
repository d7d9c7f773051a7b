/// c = alpha * op(a) op(b) + beta * c in float32 (AVX-512): both operands are packed so that a tile of c stays in
/// registers and every load is used as often as there are rows or columns of it.
#include "avx512.h"

enum {
  /// Rows of a tile, and its columns: two vectors.
  ROWS = 14,
  COLUMNS = 32,
  /// What is packed at a time: rows of a and columns of b over a depth, together less than a second-level cache.
  BLOCK_ROWS = 16 * ROWS,
  BLOCK_COLUMNS = 4 * COLUMNS,
  DEPTH = 512,
};

/// The values that a block of a takes, up to a multiple of a vector.
CK_INLINE size_t packed_a_count(size_t m, size_t k) {
  size_t count = (m < BLOCK_ROWS ? m : BLOCK_ROWS) * (k < DEPTH ? k : DEPTH);
  return (count + 15) / 16 * 16;
}

size_t ck_sgemm_scratch_bytes(size_t m, size_t n, size_t k) {
  size_t columns = n < BLOCK_COLUMNS ? (n + COLUMNS - 1) / COLUMNS * COLUMNS : BLOCK_COLUMNS;
  return (packed_a_count(m, k) + columns * (k < DEPTH ? k : DEPTH)) * sizeof(float);
}

#if defined(__x86_64__)

bool ck_has_sgemm(void) { return ck_has_avx512(); }

#pragma clang attribute push(__attribute__((target(CK_AVX512))), apply_to = function)

CK_INLINE __mmask16 first_lanes(size_t count) {
  return (__mmask16)(count >= 16 ? 0xFFFFu : (1u << count) - 1);
}

// MARK: Packing

/// `count` rows of `depth` neighbouring values as [depth][stride], 16 rows and 16 values at a time.
CK_INLINE void pack_rows(
    const float *x, size_t ldx, size_t count, size_t depth, float *packed, size_t stride) {
  for (size_t l = 0; l < depth; l += 16) {
    __mmask16 lanes = first_lanes(depth - l), rows = first_lanes(count);
    __m512i v[16];
    for (size_t i = 0; i < 16; i++)
      v[i] = i < count ? _mm512_maskz_loadu_epi32(lanes, x + i * ldx + l) : _mm512_setzero_si512();
    ck_transpose16(v);
    size_t here = depth - l < 16 ? depth - l : 16;
    for (size_t i = 0; i < here; i++) _mm512_mask_storeu_epi32(packed + (l + i) * stride, rows, v[i]);
  }
}

/// `depth` rows, of which `count` neighbouring values each are wanted, as [depth][stride].
CK_INLINE void pack_columns(
    const float *x, size_t ldx, size_t count, size_t depth, float *packed, size_t stride) {
  __mmask16 lanes = first_lanes(count);
  for (size_t l = 0; l < depth; l++)
    _mm512_mask_storeu_ps(packed + l * stride, lanes, _mm512_maskz_loadu_ps(lanes, x + l * ldx));
}

/// Tiles of a differ by at most one row.
CK_INLINE size_t tile_count(size_t rows) { return (rows + ROWS - 1) / ROWS; }
CK_INLINE size_t tile_start(size_t tile, size_t rows) { return tile * rows / tile_count(rows); }

/// [tile][depth][row of the tile]
static void pack_a(const float *a, size_t lda, bool transposed, size_t rows, size_t depth, float *packed) {
  for (size_t t = 0; t < tile_count(rows); t++) {
    size_t start = tile_start(t, rows), count = tile_start(t + 1, rows) - start;
    if (transposed)
      pack_columns(a + start, lda, count, depth, packed + start * depth, count);
    else
      pack_rows(a + start * lda, lda, count, depth, packed + start * depth, count);
  }
}

/// [tile][depth][column of the tile]; what a tile has no column for is never stored.
static void pack_b(const float *b, size_t ldb, bool transposed, size_t columns, size_t depth, float *packed) {
  for (size_t j = 0; j < columns; j += 16) {
    float *target = packed + j / COLUMNS * COLUMNS * depth + j % COLUMNS;
    size_t count = columns - j < 16 ? columns - j : 16;
    if (transposed)
      pack_rows(b + j * ldb, ldb, count, depth, target, COLUMNS);
    else
      pack_columns(b + j, ldb, count, depth, target, COLUMNS);
  }
}

// MARK: Tiles

CK_INLINE void store(float *c, __mmask16 lanes, __m512 sum, float alpha, float beta) {
  sum = _mm512_mul_ps(sum, _mm512_set1_ps(alpha));
  // beta == 0 must not read c, which may be uninitialised.
  if (beta != 0.0f) sum = _mm512_fmadd_ps(_mm512_set1_ps(beta), _mm512_maskz_loadu_ps(lanes, c), sum);
  _mm512_mask_storeu_ps(c, lanes, sum);
}

CK_INLINE void tile(
    const int R, const float *a, const float *b, size_t depth, float *c, size_t ldc, size_t n, float alpha,
    float beta) {
  __m512 sums[ROWS][2];
  for (int i = 0; i < R; i++) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  for (size_t l = 0; l < depth; l++) {
    __m512 b0 = _mm512_load_ps(b + l * COLUMNS), b1 = _mm512_load_ps(b + l * COLUMNS + 16);
#pragma clang loop unroll(full)
    for (int i = 0; i < R; i++) {
      __m512 x = _mm512_set1_ps(a[l * R + i]);
      sums[i][0] = _mm512_fmadd_ps(x, b0, sums[i][0]);
      sums[i][1] = _mm512_fmadd_ps(x, b1, sums[i][1]);
    }
  }
  __mmask16 low = first_lanes(n), high = n > 16 ? first_lanes(n - 16) : 0;
  for (int i = 0; i < R; i++) {
    store(c + (size_t)i * ldc, low, sums[i][0], alpha, beta);
    if (high) store(c + (size_t)i * ldc + 16, high, sums[i][1], alpha, beta);
  }
}

/// `tile` for every number of rows; each case is a loop of its own with its sums in registers.
static void any_tile(
    size_t rows, const float *a, const float *b, size_t depth, float *c, size_t ldc, size_t n, float alpha,
    float beta) {
#define CASE(R) \
  case R: tile(R, a, b, depth, c, ldc, n, alpha, beta); break;
  switch (rows) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
    CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
  }
#undef CASE
}

void ck_sgemm(const ck_sgemm_operands *o, void *scratch) {
  float *packed_a = scratch, *packed_b = packed_a + packed_a_count(o->m, o->k);
  if (o->k == 0)
    for (size_t i = 0; i < o->m; i++)
      for (size_t j = 0; j < o->n; j++)
        o->c[i * o->ldc + j] = o->beta == 0.0f ? 0.0f : o->beta * o->c[i * o->ldc + j];
  for (size_t l = 0; l < o->k; l += DEPTH) {
    size_t depth = o->k - l < DEPTH ? o->k - l : DEPTH;
    float beta = l == 0 ? o->beta : 1.0f;
    for (size_t i = 0; i < o->m; i += BLOCK_ROWS) {
      size_t rows = o->m - i < BLOCK_ROWS ? o->m - i : BLOCK_ROWS;
      pack_a(
          o->a + (o->transpose_a ? l * o->lda + i : i * o->lda + l), o->lda, o->transpose_a, rows, depth,
          packed_a);
      for (size_t j = 0; j < o->n; j += BLOCK_COLUMNS) {
        size_t columns = o->n - j < BLOCK_COLUMNS ? o->n - j : BLOCK_COLUMNS;
        pack_b(
            o->b + (o->transpose_b ? j * o->ldb + l : l * o->ldb + j), o->ldb, o->transpose_b, columns, depth,
            packed_b);
        for (size_t t = 0; t < tile_count(rows); t++) {
          size_t start = tile_start(t, rows), height = tile_start(t + 1, rows) - start;
          for (size_t w = 0; w < columns; w += COLUMNS)
            any_tile(
                height, packed_a + start * depth, packed_b + w * depth, depth,
                o->c + (i + start) * o->ldc + j + w, o->ldc, columns - w, o->alpha, beta);
        }
      }
    }
  }
}

#pragma clang attribute pop

#else

bool ck_has_sgemm(void) { return false; }
void ck_sgemm(const ck_sgemm_operands *o, void *scratch) { __builtin_trap(); }  // see ck_has_sgemm

#endif
