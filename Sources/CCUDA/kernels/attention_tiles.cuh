// Attention works on tiles: up to 64 rows, which are queries times the query heads that share a key head, against 32
// keys at a time. A block has 256 threads as 16 x 16: thread (y, x) holds rows 4 y ... 4 y + 3 and every 16th column
// from x on, of the scores two, of a head up to eight.
#pragma once

enum { tile_rows = 64, tile_keys = 32, attention_threads = 256, rows_a_thread = 4, columns_a_thread = 8 };

/// Neighbouring queries that a block computes, and the spans of keys that they see.
struct QueryTile {
  int first_query, queries;
  int first_span, spans;
  /// Where the partial result goes; -1 where the tile sees all its keys and the result is whole.
  int slot;
};

/// Keys that `rows` queries of a tile from `row` on see: the first of them `visible` keys, each further one `step` more,
/// and none more than `keys`.
struct KeySpan {
  int row, rows;
  int first_key, keys;
  int visible, step;
};

/// Queries that see keys of a tile of keys, in the same form.
struct QuerySpan {
  int first_query, queries;
  int first_key, keys;
  int visible, step;
};

struct AttentionShape {
  int heads, kv_heads, width;
  __device__ int group() const { return heads / kv_heads; }
  /// Rows in shared memory are one element longer, so that those of neighbouring threads lie in different banks.
  __device__ int stride() const { return width + 1; }
};

__device__ inline int visible_keys(int visible, int step, int keys, int query) {
  int seen = visible + step * query;
  return seen < 0 ? 0 : seen > keys ? keys : seen;
}

/// How many keys of a span a query of the tile sees.
__device__ inline int visible_keys(const KeySpan &span, int query) {
  int own = query - span.row;
  return own < 0 || own >= span.rows ? 0 : visible_keys(span.visible, span.step, span.keys, own);
}

/// Rows of a [queries, heads * width] matrix into shared memory, times `factor`; rows beyond are zeros.
__device__ inline void load_query_rows(
    float *tile, const float *matrix, int first_query, int rows, int kv_head, AttentionShape shape, float factor) {
  int group = shape.group();
  for (int i = threadIdx.x; i < tile_rows * shape.width; i += attention_threads) {
    int row = i / shape.width, column = i % shape.width;
    long long head = (long long)(first_query + row / group) * shape.heads + kv_head * group + row % group;
    tile[row * shape.stride() + column] = row < rows ? factor * matrix[head * shape.width + column] : 0.0f;
  }
}

/// Rows of a [keys, kvHeads * width] matrix into shared memory; rows beyond are zeros.
__device__ inline void load_key_rows(
    float *tile, const float *matrix, int first_key, int keys, int kv_head, AttentionShape shape) {
  for (int i = threadIdx.x; i < tile_keys * shape.width; i += attention_threads) {
    int key = i / shape.width, column = i % shape.width;
    long long head = (long long)(first_key + key) * shape.kv_heads + kv_head;
    tile[key * shape.stride() + column] = key < keys ? matrix[head * shape.width + column] : 0.0f;
  }
}

/// products[i][j] = row 4 y + i of `rows` times row x + 16 j of `keys`
__device__ inline void multiply_tiles(
    float products[rows_a_thread][2], const float *rows, const float *keys, AttentionShape shape) {
  int y = threadIdx.x / 16, x = threadIdx.x % 16, stride = shape.stride();
  for (int i = 0; i < rows_a_thread; ++i) products[i][0] = products[i][1] = 0;
  for (int column = 0; column < shape.width; ++column) {
    float first = keys[x * stride + column], second = keys[(x + 16) * stride + column];
#pragma unroll
    for (int i = 0; i < rows_a_thread; ++i) {
      float value = rows[(rows_a_thread * y + i) * stride + column];
      products[i][0] += value * first;
      products[i][1] += value * second;
    }
  }
}

/// sums[i][j] += row 4 y + i of weights [64, 33] times column x + 16 j of the first `count` rows of `values`
__device__ inline void add_weighted_rows(
    float sums[rows_a_thread][columns_a_thread], const float *weights, const float *values, int count,
    AttentionShape shape) {
  int y = threadIdx.x / 16, x = threadIdx.x % 16;
  for (int key = 0; key < count; ++key) {
    float weight[rows_a_thread];
#pragma unroll
    for (int i = 0; i < rows_a_thread; ++i) weight[i] = weights[(rows_a_thread * y + i) * (tile_keys + 1) + key];
#pragma unroll
    for (int j = 0; j < columns_a_thread; ++j) {
      if (x + 16 * j < shape.width) {
        float value = values[key * shape.stride() + x + 16 * j];
#pragma unroll
        for (int i = 0; i < rows_a_thread; ++i) sums[i][j] += weight[i] * value;
      }
    }
  }
}

/// Over the 16 threads that share rows.
__device__ inline float row_sum(float value) {
  for (int distance = 8; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
  return value;
}
__device__ inline float row_largest(float value) {
  for (int distance = 8; distance > 0; distance /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, distance));
  return value;
}
