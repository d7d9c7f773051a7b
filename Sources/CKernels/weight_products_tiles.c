/// Few rows of x with bfloat16 weights, on a matrix unit: a tile of the weights is sixteen of their rows as they lie in
/// memory, and up to 32 rows of x cost hardly more than one, as memory is what takes the time.
#include "matrix_unit.h"
#include "weight_products.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target(CK_MATRIX_UNIT))), apply_to = function)

enum {
  SIDE = CK_TILE_SIDE,
  /// The most columns of x that are made ready at a time. Fewer would make sixteen rows of them stay in the first cache,
  /// but memory is quicker where rows of weights are read on without a break.
  PART = 2048,
  STEPS = PART / CK_TILE_COLUMNS,
};

bool ck_tiles_fit(const ck_weight_operands *o) {
  // A tile reads whole rows of 32 columns.
  return o->m <= CK_MOST_TILED_ROWS && o->columns > 0 && o->columns % CK_TILE_COLUMNS == 0;
}

/// Columns of up to sixteen rows of x as tiles with a row of two columns of each.
CK_INLINE void make_tiles(const uint8_t *x, size_t x_stride, size_t rows, size_t steps, uint8_t *tiles) {
  for (size_t step = 0; step < steps; step++) {
    __m512i v[SIDE];
    for (size_t i = 0; i < SIDE; i++)
      v[i] = i < rows ? _mm512_loadu_si512(x + i * x_stride + step * CK_TILE_ROW_BYTES) : _mm512_setzero_si512();
    ck_transpose16(v);
    for (size_t i = 0; i < SIDE; i++)
      _mm512_store_si512(tiles + step * CK_TILE_BYTES + i * CK_TILE_ROW_BYTES, v[i]);
  }
}

/// Sums [row of weights][row of x] to y [row of x][row of weights].
CK_INLINE void put(const float *sums, float *y, size_t ldy, size_t rows, bool accumulate) {
  __m512i v[SIDE];
  for (size_t i = 0; i < SIDE; i++) v[i] = _mm512_load_si512(sums + i * SIDE);
  ck_transpose16(v);
  for (size_t i = 0; i < rows; i++) {
    __m512 sum = _mm512_castsi512_ps(v[i]);
    if (accumulate) sum = _mm512_add_ps(sum, _mm512_loadu_ps(y + i * ldy));
    _mm512_storeu_ps(y + i * ldy, sum);
  }
}

/// Sixteen rows of weights with up to sixteen rows of x, or with TWO with up to 32.
CK_INLINE void sixteen_rows(
    const bool TWO, const uint8_t *tiles, const uint8_t *w, size_t stride, size_t steps, float *y, size_t ldy, size_t rows,
    bool accumulate) {
  _Alignas(64) float sums[2][SIDE * SIDE];
  _tile_zero(0);
  if (TWO) _tile_zero(1);
  for (size_t step = 0; step < steps; step++) {
    _tile_loadd(2, w + step * CK_TILE_ROW_BYTES, (long)stride);
    _tile_loadd(3, tiles + step * CK_TILE_BYTES, CK_TILE_ROW_BYTES);
    _tile_dpbf16ps(0, 2, 3);
    if (TWO) {
      _tile_loadd(4, tiles + (STEPS + step) * CK_TILE_BYTES, CK_TILE_ROW_BYTES);
      _tile_dpbf16ps(1, 2, 4);
    }
  }
  _tile_stored(0, sums[0], CK_TILE_ROW_BYTES);
  put(sums[0], y, ldy, rows < SIDE ? rows : SIDE, accumulate);
  if (TWO) {
    _tile_stored(1, sums[1], CK_TILE_ROW_BYTES);
    put(sums[1], y + SIDE * ldy, ldy, rows - SIDE, accumulate);
  }
}

/// Sixteen rows of weights with a single row of x, of which two neighbouring columns are a row of a tile. The sums are
/// added as those of several rows are, so that they are the same to the last bit.
CK_INLINE void sixteen_of_one(
    const uint8_t *x, const uint8_t *w, size_t stride, size_t steps, float *y, bool accumulate) {
  _Alignas(64) float sums[SIDE];
  _tile_zero(0);
  for (size_t step = 0; step < steps; step++) {
    _tile_loadd(2, w + step * CK_TILE_ROW_BYTES, (long)stride);
    _tile_loadd(3, x + step * CK_TILE_ROW_BYTES, 4);
    _tile_dpbf16ps(0, 2, 3);
  }
  _tile_stored(0, sums, 4);
  __m512 sum = _mm512_load_ps(sums);
  if (accumulate) sum = _mm512_add_ps(sum, _mm512_loadu_ps(y));
  _mm512_storeu_ps(y, sum);
}

void ck_weight_product_tiles(const ck_weight_operands *o) {
  _Alignas(64) uint8_t tiles[2 * STEPS * CK_TILE_BYTES];
  size_t stride = 2 * o->columns, x_stride = ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, o->columns);
  size_t whole = o->n / SIDE * SIDE;
  ck_begin_tiles(o->m == 1 ? 1 : SIDE);
  for (size_t l = 0; l < o->columns && whole > 0; l += PART) {
    size_t steps = (o->columns - l < PART ? o->columns - l : PART) / CK_TILE_COLUMNS;
    const uint8_t *x = (const uint8_t *)o->x + 2 * l;
    const uint8_t *w = (const uint8_t *)o->w + o->first * stride + 2 * l;
    if (o->m > 1) make_tiles(x, x_stride, o->m < SIDE ? o->m : SIDE, steps, tiles);
    if (o->m > SIDE) make_tiles(x + SIDE * x_stride, x_stride, o->m - SIDE, steps, tiles + STEPS * CK_TILE_BYTES);
    bool accumulate = o->accumulate || l > 0;
    for (size_t j = 0; j < whole; j += SIDE) {
      if (o->m == 1)
        sixteen_of_one(x, w + j * stride, stride, steps, o->y + j, accumulate);
      else if (o->m > SIDE)
        sixteen_rows(true, tiles, w + j * stride, stride, steps, o->y + j, o->ldy, o->m, accumulate);
      else
        sixteen_rows(false, tiles, w + j * stride, stride, steps, o->y + j, o->ldy, o->m, accumulate);
    }
  }
  ck_end_tiles();
  if (whole == o->n) return;
  ck_weight_operands rest = *o;
  rest.first += whole;
  rest.n -= whole;
  rest.y += whole;
  ck_weight_product_avx512_bf16(&rest);
}

#pragma clang attribute pop
#endif
