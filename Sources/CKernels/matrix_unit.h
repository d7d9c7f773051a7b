/// Private: Intel's matrix unit (AMX), which multiplies tiles: sixteen rows of 32 bfloat16 with sixteen columns of as
/// many.
#ifndef CK_MATRIX_UNIT_H
#define CK_MATRIX_UNIT_H

#include "avx512.h"

/// Whether there is one that this process may use (matrix_unit.c).
bool ck_has_matrix_unit(void);

#if defined(__x86_64__)

#define CK_MATRIX_UNIT CK_AVX512 ",avx512bf16,amx-tile,amx-bf16"

enum {
  /// Rows and columns of a tile of sums.
  CK_TILE_SIDE = 16,
  /// Columns of a row, in bfloat16, and its bytes. The other operand has in a row two neighbouring columns of each of
  /// sixteen rows.
  CK_TILE_COLUMNS = 32,
  CK_TILE_ROW_BYTES = 64,
  CK_TILE_BYTES = CK_TILE_SIDE * CK_TILE_ROW_BYTES,
};

/// Between these two the tiles are this thread's.
/// - columns: of sums, and rows of x, in tiles 0, 1, 3 and 4: 16 or fewer.
void ck_begin_tiles(int columns);
void ck_end_tiles(void);

#endif
#endif
