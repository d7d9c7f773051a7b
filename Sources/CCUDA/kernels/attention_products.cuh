// The products from which a warp makes the gradients of attention: 16 rows of it with rows in shared memory that are
// padded as attention_tensor_tiles.cuh says.
#pragma once

/// A warp's 16 rows of a tile, once its copies are there.
template <int width>
__device__ inline void hold_rows(unsigned held[width / 16][4], const bfloat16 *rows) {
#pragma unroll
  for (int step = 0; step < width / 16; ++step) load_matrices(held[step], rows + left_place(row_stride(width)) + 16 * step);
}

/// products [16, 8 tiles] = held rows times the rows that begin at `right`, a place of `right_place`.
template <int width, int tiles>
__device__ inline void multiply_held(
    float products[tiles][4], const unsigned held[width / 16][4], const bfloat16 *right) {
#pragma unroll
  for (int n = 0; n < tiles; ++n)
    for (int i = 0; i < 4; ++i) products[n][i] = 0;
#pragma unroll
  for (int step = 0; step < width / 16; ++step)
#pragma unroll
    for (int n = 0; n < tiles; n += 2) {
      unsigned b[4];
      load_matrices(b, right + 8 * n * row_stride(width) + 16 * step);
      multiply_add(products[n], held[step], b);
      multiply_add(products[n + 1], held[step], b + 2);
    }
}

/// products [16, 8 tiles] = rows that begin at `left`, a place of `left_place`, times those at `right`, of `right_place`.
template <int width, int tiles>
__device__ inline void multiply_shared(float products[tiles][4], const bfloat16 *left, const bfloat16 *right) {
#pragma unroll
  for (int n = 0; n < tiles; ++n)
    for (int i = 0; i < 4; ++i) products[n][i] = 0;
#pragma unroll
  for (int step = 0; step < width / 16; ++step) {
    unsigned a[4];
    load_matrices(a, left + 16 * step);
#pragma unroll
    for (int n = 0; n < tiles; n += 2) {
      unsigned b[4];
      load_matrices(b, right + 8 * n * row_stride(width) + 16 * step);
      multiply_add(products[n], a, b);
      multiply_add(products[n + 1], a, b + 2);
    }
  }
}

/// sums [16, width] += weights [16, 8 tiles] times the rows that begin at `right`, a place of `left_place`.
template <int width, int tiles>
__device__ inline void add_products(float sums[width / 8][4], const float weights[tiles][4], const bfloat16 *right) {
#pragma unroll
  for (int step = 0; step < tiles / 2; ++step) {
    unsigned a[4];
    as_operand(a, weights[2 * step], weights[2 * step + 1]);
#pragma unroll
    for (int column = 0; column < width / 8; column += 2) {
      unsigned b[4];
      load_transposed(b, right + 16 * step * row_stride(width) + 8 * column);
      multiply_add(sums[column], a, b);
      multiply_add(sums[column + 1], a, b + 2);
    }
  }
}

template <int width>
__device__ inline void clear_sums(float sums[width / 8][4]) {
#pragma unroll
  for (int column = 0; column < width / 8; ++column)
    for (int i = 0; i < 4; ++i) sums[column][i] = 0;
}
