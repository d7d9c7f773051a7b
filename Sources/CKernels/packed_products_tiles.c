/// Products of many rows of x with compact weights on a matrix unit: weights are packed as for vectors, x in tiles, row by
/// row.
#include "matrix_unit.h"
#include "packed_products.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target(CK_MATRIX_UNIT))), apply_to = function)

enum {
  SIDE = CK_TILE_SIDE,
  /// Rows of x that are multiplied at a time: two tiles.
  ROWS = CK_UNIT_ROWS,
  /// Pairs of columns in a row of a tile.
  STEP = CK_TILE_COLUMNS / 2,
};

size_t ck_tiled_rows_bytes(size_t rows, size_t columns) {
  return (rows + ROWS - 1) / ROWS * ROWS * ck_pairs(columns) * 4;
}

/// A row of a tile, of which `left` columns exist.
CK_INLINE __m512i tile_row(const float *x, size_t left) {
  __mmask16 low = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xFFFFu);
  __mmask16 high = (__mmask16)(left >= 32 ? 0xFFFFu : left > 16 ? (1u << (left - 16)) - 1 : 0);
  return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, x + 16), _mm512_maskz_loadu_ps(low, x));
}

/// [32 rows][step][row]; the last rows are zeros.
void ck_tile_rows(
    const float *x, size_t ldx, size_t rows, size_t columns, void *packed, size_t part, size_t parts) {
  size_t pairs = ck_pairs(columns), all = (rows + ROWS - 1) / ROWS;
  for (size_t start = part * all / parts * ROWS; start < (part + 1) * all / parts * ROWS; start += ROWS)
    for (size_t i = 0; i < ROWS; i++) {
      uint32_t *target = (uint32_t *)packed + start * pairs + i * STEP;
      const float *row = x + (start + i) * ldx;
      for (size_t pair = 0; pair < pairs; pair += STEP, target += ROWS * STEP)
        _mm512_storeu_si512(
            target, start + i < rows ? tile_row(row + 2 * pair, columns - 2 * pair) : _mm512_setzero_si512());
    }
}

/// Sums [16, 16] to y, of which so many rows and columns exist.
CK_INLINE void put(const float *sums, float *y, size_t ldy, size_t rows, size_t columns, bool accumulate) {
  __mmask16 lanes = (__mmask16)(columns < SIDE ? (1u << columns) - 1 : 0xFFFFu);
  for (size_t i = 0; i < rows && i < SIDE; i++) {
    __m512 sum = _mm512_load_ps(sums + i * SIDE);
    float *out = y + i * ldy;
    if (accumulate) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, out));
    _mm512_mask_storeu_ps(out, lanes, sum);
  }
}

void ck_multiply_tiles(
    const uint32_t *x, const uint32_t *w, size_t pairs, float *y, size_t ldy, size_t rows, size_t columns,
    bool accumulate) {
  _Alignas(64) float sums[2][2][SIDE * SIDE];
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (size_t pair = 0; pair < pairs; pair += STEP) {
    _tile_loadd(4, x + pair * ROWS, CK_TILE_ROW_BYTES);
    _tile_loadd(6, w + pair * CK_TILE_WEIGHTS, 4 * CK_TILE_WEIGHTS);
    _tile_loadd(7, w + pair * CK_TILE_WEIGHTS + SIDE, 4 * CK_TILE_WEIGHTS);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, x + pair * ROWS + SIDE * STEP, CK_TILE_ROW_BYTES);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, sums[0][0], CK_TILE_ROW_BYTES);
  _tile_stored(1, sums[0][1], CK_TILE_ROW_BYTES);
  _tile_stored(2, sums[1][0], CK_TILE_ROW_BYTES);
  _tile_stored(3, sums[1][1], CK_TILE_ROW_BYTES);
  for (size_t i = 0; i < 2 && i * SIDE < rows; i++)
    for (size_t j = 0; j < 2 && j * SIDE < columns; j++)
      put(sums[i][j], y + i * SIDE * ldy + j * SIDE, ldy, rows - i * SIDE, columns - j * SIDE, accumulate);
}

#pragma clang attribute pop
#endif
