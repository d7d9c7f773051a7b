// The gradients of attention. Scores are computed again from the sums the forward pass left; every block writes results
// of its own, so that sums have a fixed order: one kernel goes over tiles of queries for dq, one over tiles of keys for
// dk and dv.

/// deltas = g . out of every query and head, in the order of the sums [kvHeads, queries, group]; a warp each.
template <class Number>
__device__ inline void find_deltas(
    const Number *g, const Number *out, float *deltas, AttentionShape shape, int query_count) {
  long long item = first_index() / 32;
  if (item >= (long long)query_count * shape.heads) return;
  int group = shape.group(), width = shape.width, lane = threadIdx.x % 32;
  long long query = item / shape.heads;
  int head = (int)(item % shape.heads);
  float dot = 0;
  for (int i = lane; i < width; i += 32) dot += widened(g[item * width + i]) * widened(out[item * width + i]);
  dot = warp_sum(dot);
  if (lane == 0) deltas[((long long)(head / group) * query_count + query) * group + head % group] = dot;
}

extern "C" __global__ void attention_deltas(
    const float *g, const float *out, float *deltas, int heads, int kv_heads, int width, int query_count) {
  AttentionShape shape = {heads, kv_heads, width};
  find_deltas(g, out, deltas, shape, query_count);
}

extern "C" __global__ void attention_deltas_narrow(
    const bfloat16 *g, const bfloat16 *out, float *deltas, int heads, int kv_heads, int width, int query_count) {
  AttentionShape shape = {heads, kv_heads, width};
  find_deltas(g, out, deltas, shape, query_count);
}

/// The sum and the delta of a row of a tile.
struct RowConstants {
  float log_sum, delta;
};

__device__ inline RowConstants row_constants(
    const float *log_sums, const float *deltas, int first_query, int row, int kv_head, int group, int query_count) {
  long long place = ((long long)kv_head * query_count + first_query + row / group) * group + row % group;
  RowConstants constants = {log_sums[place], deltas[place]};
  return constants;
}

extern "C" __global__ void __launch_bounds__(256) attention_backward_queries(
    const float *q, const float *k, const float *v, const float *g, const float *log_sums, const float *deltas,
    float *dq, const QueryTile *tiles, const KeySpan *spans, int heads, int kv_heads, int width, float scale,
    int query_count) {
  AttentionShape shape = {heads, kv_heads, width};
  float *queries = block_memory;
  float *gradients = queries + tile_rows * shape.stride();
  float *keys = gradients + tile_rows * shape.stride();
  float *slopes = keys + tile_keys * shape.stride();
  QueryTile tile = tiles[blockIdx.x];
  int kv_head = blockIdx.y, group = shape.group(), rows = tile.queries * group;
  int y = threadIdx.x / 16, x = threadIdx.x % 16;

  float sums[rows_a_thread][columns_a_thread];
  RowConstants constants[rows_a_thread];
  for (int i = 0; i < rows_a_thread; ++i) {
    int row = rows_a_thread * y + i;
    if (row < rows)
      constants[i] = row_constants(log_sums, deltas, tile.first_query, row, kv_head, group, query_count);
    for (int j = 0; j < columns_a_thread; ++j) sums[i][j] = 0;
  }
  load_query_rows(queries, q, tile.first_query, rows, kv_head, shape, scale);
  load_query_rows(gradients, g, tile.first_query, rows, kv_head, shape, 1);

  for (int index = tile.first_span; index < tile.first_span + tile.spans; ++index) {
    KeySpan span = spans[index];
    int most = visible_keys(span, span.row + span.rows - 1);
    for (int start = 0; start < most; start += tile_keys) {
      int count = min((int)tile_keys, most - start);
      __syncthreads();
      load_key_rows(keys, v, span.first_key + start, count, kv_head, shape);
      __syncthreads();
      float weights[rows_a_thread][2];
      multiply_tiles(weights, gradients, keys, shape);
      float changes[rows_a_thread][2];
      for (int i = 0; i < rows_a_thread; ++i)
        for (int j = 0; j < 2; ++j) changes[i][j] = weights[i][j];
      __syncthreads();
      load_key_rows(keys, k, span.first_key + start, count, kv_head, shape);
      __syncthreads();
      multiply_tiles(weights, queries, keys, shape);
      for (int i = 0; i < rows_a_thread; ++i) {
        int row = rows_a_thread * y + i;
        int visible = row < rows ? visible_keys(span, row / group) - start : 0;
        for (int j = 0; j < 2; ++j) {
          float slope = 0;
          if (x + 16 * j < visible)
            slope = expf(weights[i][j] - constants[i].log_sum) * (changes[i][j] - constants[i].delta);
          slopes[row * (tile_keys + 1) + x + 16 * j] = slope;
        }
      }
      __syncthreads();
      add_weighted_rows(sums, slopes, keys, count, shape);
    }
  }

  for (int i = 0; i < rows_a_thread; ++i) {
    int row = rows_a_thread * y + i;
    if (row >= rows) continue;
    long long head = (long long)(tile.first_query + row / group) * heads + kv_head * group + row % group;
    for (int j = 0; j < columns_a_thread; ++j)
      if (x + 16 * j < width) dq[head * width + x + 16 * j] = sums[i][j] * scale;
  }
}

/// sums[i][j] += column 2 y + i of weights [64, 33] times column x + 16 j of the first `rows` rows of `values`
__device__ inline void add_transposed(
    float sums[2][columns_a_thread], const float *weights, const float *values, int rows, AttentionShape shape) {
  int y = threadIdx.x / 16, x = threadIdx.x % 16;
  for (int row = 0; row < rows; ++row) {
    float first = weights[row * (tile_keys + 1) + 2 * y], second = weights[row * (tile_keys + 1) + 2 * y + 1];
#pragma unroll
    for (int j = 0; j < columns_a_thread; ++j) {
      if (x + 16 * j < shape.width) {
        float value = values[row * shape.stride() + x + 16 * j];
        sums[0][j] += first * value;
        sums[1][j] += second * value;
      }
    }
  }
}

/// A block for every 32 keys of the matrices: `starts` says which of the spans of queries are its.
extern "C" __global__ void __launch_bounds__(256) attention_backward_keys(
    const float *q, const float *k, const float *v, const float *g, const float *log_sums, const float *deltas,
    float *dk, float *dv, const int *starts, const QuerySpan *spans, int heads, int kv_heads, int width, float scale,
    int query_count, int key_count) {
  AttentionShape shape = {heads, kv_heads, width};
  float *keys = block_memory;
  float *values = keys + tile_keys * shape.stride();
  // Queries, then their gradients, then queries again: so that the memory suffices on every chip.
  float *rows_of_tile = values + tile_keys * shape.stride();
  float *weights = rows_of_tile + tile_rows * shape.stride();
  int kv_head = blockIdx.y, group = shape.group();
  int first_key = blockIdx.x * tile_keys, own = min((int)tile_keys, key_count - first_key);
  int y = threadIdx.x / 16, x = threadIdx.x % 16;
  int queries_a_tile = tile_rows / group;

  float key_sums[2][columns_a_thread], value_sums[2][columns_a_thread];
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < columns_a_thread; ++j) key_sums[i][j] = value_sums[i][j] = 0;
  load_key_rows(keys, k, first_key, own, kv_head, shape);
  load_key_rows(values, v, first_key, own, kv_head, shape);

  for (int index = starts[blockIdx.x]; index < starts[blockIdx.x + 1]; ++index) {
    QuerySpan span = spans[index];
    for (int start = 0; start < span.queries; start += queries_a_tile) {
      int first_query = span.first_query + start;
      int rows = min(queries_a_tile, span.queries - start) * group;
      float scores[rows_a_thread][2], changes[rows_a_thread][2];
      __syncthreads();
      load_query_rows(rows_of_tile, q, first_query, rows, kv_head, shape, scale);
      __syncthreads();
      multiply_tiles(scores, rows_of_tile, keys, shape);
      __syncthreads();
      load_query_rows(rows_of_tile, g, first_query, rows, kv_head, shape, 1);
      __syncthreads();
      multiply_tiles(changes, rows_of_tile, values, shape);
      for (int i = 0; i < rows_a_thread; ++i) {
        int row = rows_a_thread * y + i;
        RowConstants constants = {0, 0};
        int visible = 0;
        if (row < rows) {
          constants = row_constants(log_sums, deltas, first_query, row, kv_head, group, query_count);
          visible = visible_keys(span.visible, span.step, span.keys, start + row / group);
        }
        for (int j = 0; j < 2; ++j) {
          int key = first_key + x + 16 * j - span.first_key;
          float weight = key >= 0 && key < visible ? expf(scores[i][j] - constants.log_sum) : 0.0f;
          weights[row * (tile_keys + 1) + x + 16 * j] = weight;
          scores[i][j] = weight * (changes[i][j] - constants.delta);
        }
      }
      __syncthreads();
      add_transposed(value_sums, weights, rows_of_tile, rows, shape);
      __syncthreads();
      load_query_rows(rows_of_tile, q, first_query, rows, kv_head, shape, scale);
      for (int i = 0; i < rows_a_thread; ++i)
        for (int j = 0; j < 2; ++j)
          weights[(rows_a_thread * y + i) * (tile_keys + 1) + x + 16 * j] = scores[i][j];
      __syncthreads();
      add_transposed(key_sums, weights, rows_of_tile, rows, shape);
    }
  }

  for (int i = 0; i < 2; ++i) {
    if (2 * y + i >= own) continue;
    long long head = (long long)(first_key + 2 * y + i) * kv_heads + kv_head;
    for (int j = 0; j < columns_a_thread; ++j) {
      if (x + 16 * j >= width) continue;
      dk[head * width + x + 16 * j] = key_sums[i][j];
      dv[head * width + x + 16 * j] = value_sums[i][j];
    }
  }
}
