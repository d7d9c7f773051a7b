/// Private: how the operands of a product of many rows are packed.
#ifndef CK_PACKED_PRODUCTS_H
#define CK_PACKED_PRODUCTS_H

#include "bfloat16.h"
#include "operands.h"

enum {
  /// The most rows of x in a tile, whose sums stay in registers.
  CK_TILE_ROWS = 14,
  /// Rows of weights in a tile: two vectors of float32.
  CK_TILE_WEIGHTS = 32,
  /// Rows of weights and pairs of their columns that are packed at a time: half of a second-level cache.
  CK_PACKED_WEIGHTS = 4 * CK_TILE_WEIGHTS,
  CK_PACKED_PAIRS = 512,
  /// The same for a matrix unit: those of the rows of x that it multiplies at a time stay in the first cache.
  CK_UNIT_ROWS = 32,
  CK_UNIT_PAIRS = 256,
};

/// Pairs of columns, an odd last one with a zero beside it; even the last block's are whole.
CK_INLINE size_t ck_pairs(size_t columns) { return ck_blocks(columns) * (CK_INT8_BLOCK / 2); }
CK_INLINE size_t ck_tiles(size_t rows) { return (rows + CK_TILE_ROWS - 1) / CK_TILE_ROWS; }
/// Tiles differ by at most one row.
CK_INLINE size_t ck_tile_start(size_t tile, size_t rows) { return tile * rows / ck_tiles(rows); }

/// pack_operands.c: pairs `first ..< first + count` of up to CK_PACKED_WEIGHTS rows of weights behind `row`, as
/// [tile of weights][pair][row of the tile]. `first` and `count` are multiples of half a block.
void ck_pack_weights(
    const ck_weight_operands *o, size_t row, size_t rows, size_t first, size_t count, uint32_t *packed);

// packed_products_tiles.c: rows of x for a matrix unit

size_t ck_tiled_rows_bytes(size_t rows, size_t columns);
void ck_tile_rows(
    const float *x, size_t ldx, size_t rows, size_t columns, void *packed, size_t part, size_t parts);
/// The sums of up to CK_UNIT_ROWS rows of x with a tile of weights over some pairs, to so many rows and columns of y.
void ck_multiply_tiles(
    const uint32_t *x, const uint32_t *w, size_t pairs, float *y, size_t ldy, size_t rows, size_t columns,
    bool accumulate);

#endif
