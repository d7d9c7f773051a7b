/// Products of many rows of x with compact weights: both are packed as pairs of neighbouring columns in
/// bfloat16, which one instruction multiplies and adds to sums in float32 (AVX-512 BF16, or a matrix unit).
#include "matrix_unit.h"
#include "packed_products.h"
#include "weight_products.h"

size_t ck_packed_product_scratch_bytes(void) { return (size_t)CK_PACKED_WEIGHTS * CK_PACKED_PAIRS * 4; }

#if defined(__x86_64__)
bool ck_has_packing(ck_packing packing) {
  return packing == CK_PACKING_TILES ? ck_has_matrix_unit() : ck_has_avx512_bf16();
}

size_t ck_packed_rows_bytes(ck_packing packing, size_t rows, size_t columns) {
  return packing == CK_PACKING_TILES ? ck_tiled_rows_bytes(rows, columns) : rows * ck_pairs(columns) * 4;
}

#pragma clang attribute push(__attribute__((target(CK_AVX512 ",avx512bf16"))), apply_to = function)

/// The sums of one tile over some pairs of columns.
CK_INLINE void tile(
    const int R, const uint32_t *x, const uint32_t *w, size_t pairs, float *y, size_t ldy, __mmask16 low,
    __mmask16 high, bool accumulate) {
  __m512 sums[CK_TILE_ROWS][2];
  for (int i = 0; i < R; i++) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  for (size_t pair = 0; pair < pairs; pair++) {
    __m512bh b0 = (__m512bh)_mm512_load_si512(w + pair * CK_TILE_WEIGHTS);
    __m512bh b1 = (__m512bh)_mm512_load_si512(w + pair * CK_TILE_WEIGHTS + 16);
#pragma clang loop unroll(full)
    for (int i = 0; i < R; i++) {
      __m512bh a = (__m512bh)_mm512_set1_epi32((int)x[pair * R + i]);
      sums[i][0] = _mm512_dpbf16_ps(sums[i][0], a, b0);
      sums[i][1] = _mm512_dpbf16_ps(sums[i][1], a, b1);
    }
  }
  for (int i = 0; i < R; i++) {
    float *out = y + (size_t)i * ldy;
    if (accumulate) {
      sums[i][0] = _mm512_add_ps(sums[i][0], _mm512_maskz_loadu_ps(low, out));
      sums[i][1] = _mm512_add_ps(sums[i][1], _mm512_maskz_loadu_ps(high, out + 16));
    }
    _mm512_mask_storeu_ps(out, low, sums[i][0]);
    _mm512_mask_storeu_ps(out + 16, high, sums[i][1]);
  }
}

/// `tile` for every number of rows; each case is a loop of its own with its sums in registers.
static void any_tile(
    size_t rows, const uint32_t *x, const uint32_t *w, size_t pairs, float *y, size_t ldy, size_t n,
    bool accumulate) {
  __mmask16 low = (__mmask16)(n < 16 ? (1u << n) - 1 : 0xFFFFu);
  __mmask16 high = (__mmask16)(n >= 32 ? 0xFFFFu : n > 16 ? (1u << (n - 16)) - 1 : 0);
#define CASE(R) \
  case R: tile(R, x, w, pairs, y, ldy, low, high, accumulate); break;
  switch (rows) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
    CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
  }
#undef CASE
}

/// The weights of one block where they are kept: so many segments of so many cache lines.
typedef struct {
  const uint8_t *start;
  size_t stride, segments, lines;
} source_t;

CK_INLINE source_t source(
    const ck_weight_operands *o, size_t row, size_t rows, size_t first, size_t count) {
  size_t height = ck_weight_panel_rows(o->format), bytes = ck_weight_panel_bytes(o->format, o->columns);
  size_t block = o->format == CK_WEIGHTS_INT8 ? CK_INT8_BLOCK_BYTES : 2 * CK_INT8_BLOCK;
  size_t blocks = CK_INT8_BLOCK / 2;  // pairs of a block
  return (source_t){
      (const uint8_t *)o->w + row / height * bytes + first / blocks * block, bytes,
      (rows + height - 1) / height, (count / blocks * block + 63) / 64};
}

/// Fetches `part` of `parts` into the second-level cache.
CK_INLINE void fetch(const source_t *source, size_t part, size_t parts) {
  size_t all = source->segments * source->lines;
  size_t line = part * all / parts, end = (part + 1) * all / parts;
  while (line < end) {
    size_t segment = line / source->lines, within = line % source->lines;
    size_t left = source->lines - within < end - line ? source->lines - within : end - line;
    const char *start = (const char *)source->start + segment * source->stride + 64 * within;
    for (size_t i = 0; i < left; i++) _mm_prefetch(start + 64 * i, _MM_HINT_T1);
    line += left;
  }
}

/// All tiles of x with one block of packed weights. Meanwhile the weights of the next block are fetched.
static void block_product_of_tiles(
    const ck_weight_operands *o, const uint32_t *packed, size_t row, size_t rows, size_t first, size_t count,
    const source_t *next) {
  size_t pairs = ck_pairs(o->columns), tiles = (o->m + CK_UNIT_ROWS - 1) / CK_UNIT_ROWS;
  bool accumulate = o->accumulate || first > 0;
  for (size_t t = 0; t < tiles; t++) {
    size_t start = t * CK_UNIT_ROWS, height = o->m - start < CK_UNIT_ROWS ? o->m - start : CK_UNIT_ROWS;
    const uint32_t *x = (const uint32_t *)o->x + start * pairs + first * CK_UNIT_ROWS;
    float *y = o->y + start * o->ldy + row;
    fetch(next, t, tiles);
    for (size_t i = 0; i < rows; i += CK_TILE_WEIGHTS) {
      size_t width = rows - i < CK_TILE_WEIGHTS ? rows - i : CK_TILE_WEIGHTS;
      ck_multiply_tiles(x, packed + i * count, count, y + i, o->ldy, height, width, accumulate);
    }
  }
}

/// The same by vectors.
static void block_product(
    const ck_weight_operands *o, const uint32_t *packed, size_t row, size_t rows, size_t first, size_t count,
    const source_t *next) {
  size_t pairs = ck_pairs(o->columns), tiles = ck_tiles(o->m);
  bool accumulate = o->accumulate || first > 0;
  for (size_t t = 0; t < tiles; t++) {
    size_t start = ck_tile_start(t, o->m), height = ck_tile_start(t + 1, o->m) - start;
    const uint32_t *x = (const uint32_t *)o->x + start * pairs + first * height;
    float *y = o->y + start * o->ldy + row;
    fetch(next, t, tiles);
    for (size_t i = 0; i < rows; i += CK_TILE_WEIGHTS)
      any_tile(height, x, packed + i * count, count, y + i, o->ldy, rows - i, accumulate);
  }
}

void ck_packed_product(ck_packing packing, const ck_weight_operands *o, void *scratch) {
  bool is_tiled = packing == CK_PACKING_TILES;
  size_t pairs = ck_pairs(o->columns), most = is_tiled ? CK_UNIT_PAIRS : CK_PACKED_PAIRS;
  if (is_tiled) ck_begin_tiles(CK_TILE_SIDE);
  for (size_t j = 0; j < o->n; j += CK_PACKED_WEIGHTS) {
    size_t rows = o->n - j < CK_PACKED_WEIGHTS ? o->n - j : CK_PACKED_WEIGHTS;
    for (size_t first = 0; first < pairs; first += most) {
      size_t count = pairs - first < most ? pairs - first : most;
      size_t then = first + count < pairs ? first + count : 0, below = then ? j : j + rows;
      size_t more = o->n - below < CK_PACKED_WEIGHTS ? o->n - below : CK_PACKED_WEIGHTS;
      size_t wide = pairs - then < most ? pairs - then : most;
      source_t next = source(o, o->first + below, more, then, wide);
      ck_pack_weights(o, o->first + j, rows, first, count, scratch);
      if (is_tiled)
        block_product_of_tiles(o, scratch, j, rows, first, count, &next);
      else
        block_product(o, scratch, j, rows, first, count, &next);
    }
  }
  if (is_tiled) ck_end_tiles();
}

#pragma clang attribute pop

#else

bool ck_has_packing(ck_packing packing) { return false; }
// See ck_has_packing.
size_t ck_packed_rows_bytes(ck_packing packing, size_t rows, size_t columns) { __builtin_trap(); }
void ck_pack_rows(
    ck_packing packing, const float *x, size_t ldx, size_t rows, size_t columns, void *packed, size_t part,
    size_t parts) {
  __builtin_trap();
}
void ck_packed_product(ck_packing packing, const ck_weight_operands *o, void *scratch) { __builtin_trap(); }

#endif
