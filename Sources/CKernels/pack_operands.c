/// Operands as the tiles of packed_products.c take them: pairs of columns in bfloat16, a lane a row.
#include "avx512.h"
#include "packed_products.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target(CK_AVX512 ",avx512bf16"))), apply_to = function)

enum {
  BLOCK = CK_INT8_BLOCK,
  ROWS = CK_INT8_ROWS,
  /// Pairs of columns in a block, and in a vector of one row.
  PAIRS = BLOCK / 2,
};

/// 16 pairs of up to 16 rows of bfloat16 weights; `lanes` are the columns that exist.
CK_INLINE void pack_bf16(
    const uint8_t *w, size_t stride, size_t rows, __mmask32 lanes, uint32_t *packed) {
  __m512i v[16];
  for (size_t i = 0; i < 16; i++)
    v[i] = i < rows ? _mm512_maskz_loadu_epi16(lanes, w + i * stride) : _mm512_setzero_si512();
  ck_transpose16(v);
  for (size_t i = 0; i < 16; i++) _mm512_store_si512(packed + i * CK_TILE_WEIGHTS, v[i]);
}

/// One of four columns of 16 rows of int8 weights, as the bits of bfloat16 in the low half of each lane.
CK_INLINE __m512i column_int8(__m512i four, int column, __m512 scale) {
  __m512i byte = _mm512_and_si512(_mm512_srli_epi32(four, 8 * (unsigned)column), _mm512_set1_epi32(0xFF));
  __m512 value = _mm512_cvtepi32_ps(_mm512_sub_epi32(byte, _mm512_set1_epi32(128)));
  return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_mul_ps(value, scale)));
}

/// 16 pairs of a panel of int8 weights: one block.
CK_INLINE void pack_int8(const uint8_t *block, uint32_t *packed) {
  __m512 scale = _mm512_castsi512_ps(_mm512_slli_epi32(
      _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)(block + ROWS * BLOCK))), 16));
  for (size_t group = 0; group < BLOCK / 4; group++) {
    __m512i four = _mm512_loadu_si512((const void *)(block + 64 * group));
    for (int half = 0; half < 2; half++) {
      __m512i low = column_int8(four, 2 * half, scale), high = column_int8(four, 2 * half + 1, scale);
      _mm512_store_si512(
          packed + (2 * group + (size_t)half) * CK_TILE_WEIGHTS,
          _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
    }
  }
}

/// 16 pairs of up to 16 rows of x, of which `left` columns exist, as [pair][row].
CK_INLINE void pack_x(const float *x, size_t ldx, size_t rows, size_t left, uint32_t *packed) {
  __mmask16 low = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xFFFFu);
  __mmask16 high = (__mmask16)(left >= 32 ? 0xFFFFu : left > 16 ? (1u << (left - 16)) - 1 : 0);
  __m512i v[16];
  for (size_t i = 0; i < 16; i++)
    v[i] = i < rows ? (__m512i)_mm512_cvtne2ps_pbh(
               _mm512_maskz_loadu_ps(high, x + i * ldx + 16), _mm512_maskz_loadu_ps(low, x + i * ldx))
                    : _mm512_setzero_si512();
  ck_transpose16(v);
  __mmask16 lanes = (__mmask16)((1u << rows) - 1);
  for (size_t i = 0; i < 16; i++) _mm512_mask_storeu_epi32(packed + i * rows, lanes, v[i]);
}

void ck_pack_rows(
    ck_packing packing, const float *x, size_t ldx, size_t rows, size_t columns, void *packed, size_t part,
    size_t parts) {
  if (packing == CK_PACKING_TILES) return ck_tile_rows(x, ldx, rows, columns, packed, part, parts);
  size_t pairs = ck_pairs(columns), tiles = ck_tiles(rows);
  for (size_t tile = part * tiles / parts; tile < (part + 1) * tiles / parts; tile++) {
    size_t start = ck_tile_start(tile, rows), count = ck_tile_start(tile + 1, rows) - start;
    uint32_t *target = (uint32_t *)packed + start * pairs;
    for (size_t pair = 0; pair < pairs; pair += PAIRS)
      pack_x(x + start * ldx + 2 * pair, ldx, count, columns - 2 * pair, target + pair * count);
  }
}

void ck_pack_weights(
    const ck_weight_operands *o, size_t row, size_t rows, size_t first, size_t count, uint32_t *packed) {
  size_t bytes = ck_weight_panel_bytes(o->format, o->columns);
  for (size_t start = 0; start < rows; start += 16) {
    uint32_t *target = packed + start / CK_TILE_WEIGHTS * CK_TILE_WEIGHTS * count + start % CK_TILE_WEIGHTS;
    size_t here = rows - start < 16 ? rows - start : 16;
    for (size_t pair = 0; pair < count; pair += PAIRS) {
      size_t column = 2 * (first + pair), left = o->columns - column;
      uint32_t *out = target + pair * CK_TILE_WEIGHTS;
      if (o->format == CK_WEIGHTS_BFLOAT16) {
        __mmask32 lanes = left < BLOCK ? (__mmask32)((1ull << left) - 1) : ~(__mmask32)0;
        pack_bf16((const uint8_t *)o->w + (row + start) * bytes + 2 * column, bytes, here, lanes, out);
      } else {
        pack_int8(
            (const uint8_t *)o->w + (row + start) / ROWS * bytes + column / BLOCK * CK_INT8_BLOCK_BYTES, out);
      }
    }
  }
}

#pragma clang attribute pop
#endif
