// dk and dv of attention that was computed on tensor cores: a block of four warps has 64 keys, each warp 16 of them, and
// the rows that see them go by, 64 at a time: queries times the query heads of the key head. Where few blocks would have
// much to do, the rows of some keys are divided among several, whose sums `attention_add_key_parts` adds up. The next
// rows are copied while the present ones are computed with, where a block has memory for both: two stages.

/// 64 keys, and the spans of queries that see them.
struct KeyTile {
  int first_key;
  int first_span, spans;
  /// Where the sums go; -1 where all rows are this block's.
  int slot;
};

/// Goes over spans of queries by as many as fit into 64 rows.
struct QueryWalk {
  const QuerySpan *spans;
  int index, last, start, queries, first, at_once;

  __device__ QueryWalk(const QuerySpan *spans, KeyTile tile, int at_once)
      : spans(spans), index(tile.first_span - 1), last(tile.first_span + tile.spans), start(0), queries(0), first(0),
        at_once(at_once) {
    next();
  }
  __device__ bool has_queries() const { return start < queries; }
  __device__ int count() const { return min(at_once, queries - start); }
  __device__ int first_query() const { return first + start; }

  /// What the present queries see of the 16 keys from one on: a further query sees no fewer.
  __device__ int sight(int key, int group) const {
    QuerySpan span = spans[index];
    key -= span.first_key;
    if (key <= -16 || visible_keys(span.visible, span.step, span.keys, start + count() - 1) <= key) return see_none;
    bool all = key >= 0 && visible_keys(span.visible, span.step, span.keys, start) >= key + 16;
    return all && count() * group == tile_rows ? see_all : see_some;
  }

  __device__ void next() {
    start += at_once;
    while (start >= queries && ++index < last) {
      QuerySpan span = spans[index];
      queries = span.queries;
      first = span.first_query;
      start = 0;
    }
  }
};

/// Writes a tile's result through memory for its keys and values, or its part of one.
template <int width>
__device__ inline void finish_keys(
    float key_sums[width / 8][4], float value_sums[width / 8][4], bfloat16 *memory, bfloat16 *dk, bfloat16 *dv,
    float *partials, const KeyTile *tiles, AttentionShape shape, float scale, int key_count) {
  constexpr int stride = row_stride(width);
  int thread = computed_again(threadIdx.x), kv_head = computed_again(blockIdx.y);
  KeyTile tile = tiles[computed_again(blockIdx.x)];
  int own = min((int)tensor_keys, key_count - tile.first_key), warp_key = thread / 32 * 16;
  bfloat16 *values = memory + tensor_keys * stride;
  if (tile.slot >= 0) {
    // dk of the tile's keys, then dv.
    float *target = partials + ((long long)tile.slot * shape.kv_heads + kv_head) * 2 * tensor_keys * shape.width;
    int row = warp_key + thread % 32 / 4;
#pragma unroll
    for (int column = 0; column < width / 8; ++column)
      for (int i = 0; i < 4; ++i) {
        int element = 8 * column + 2 * (thread % 4) + i % 2;
        int place = (row + 8 * (i / 2)) * shape.width + element;
        if (element >= shape.width) continue;
        target[place] = key_sums[column][i] * scale;
        target[tensor_keys * shape.width + place] = value_sums[column][i];
      }
    return;
  }
  float of_keys[2] = {scale, scale}, of_values[2] = {1, 1};
  place_sums<width>(memory + warp_key * stride, key_sums, of_keys);
  place_sums<width>(values + warp_key * stride, value_sums, of_values);
  __syncthreads();
  store_rows<width>(
      KeyRows<bfloat16>(dk, tile.first_key, kv_head, shape), memory, own, shape.width, is_copied_whole(dk, shape.width));
  store_rows<width>(
      KeyRows<bfloat16>(dv, tile.first_key, kv_head, shape), values, own, shape.width, is_copied_whole(dv, shape.width));
}

template <int width, int stages>
__device__ inline void attention_key_gradients(
    const bfloat16 *q, const bfloat16 *k, const bfloat16 *v, const bfloat16 *g, const float *log_sums,
    const float *deltas, bfloat16 *dk, bfloat16 *dv, float *partials, const KeyTile *tiles, const QuerySpan *spans,
    AttentionShape shape, float scale, int query_count, int key_count) {
  // A stage has 64 rows of queries, their gradients, sums and deltas.
  constexpr int stride = row_stride(width), matrix = tile_rows * stride, stage = 2 * matrix + 4 * tile_rows;
  constexpr int row_tiles = tile_rows / 8;
  KeyTile tile = tiles[blockIdx.x];
  bfloat16 *memory = (bfloat16 *)block_memory;
  bfloat16 *keys = memory + stages * stage, *values = keys + matrix;
  int kv_head = blockIdx.y, own = min((int)tensor_keys, key_count - tile.first_key);
  Grouping grouping(shape.group());
  int warp_key = threadIdx.x / 32 * 16;
  bool whole = is_copied_whole(q, shape.width) && is_copied_whole(g, shape.width);

  QueryWalk ahead(spans, tile, tile_rows / grouping.group);
  auto load_queries = [&](int turn) {
    bfloat16 *queries = memory + turn * stage;
    int count = ahead.count() * grouping.group;
    load_rows<width, tile_rows>(
        queries, QueryRows<const bfloat16>(q, ahead.first_query(), kv_head, grouping, shape), count, shape.width, whole);
    load_rows<width, tile_rows>(
        queries + matrix, QueryRows<const bfloat16>(g, ahead.first_query(), kv_head, grouping, shape), count,
        shape.width, whole);
    float *constants = (float *)(queries + 2 * matrix);
    int row = threadIdx.x % tile_rows;
    const float *source = (int)threadIdx.x < tile_rows ? log_sums : deltas;
    long long place = ((long long)kv_head * query_count + ahead.first_query()) * grouping.group + row;
    copy_float(constants + threadIdx.x, row < count ? source + place : source, row < count);
  };
  load_rows<width, tensor_keys>(
      keys, KeyRows<const bfloat16>(k, tile.first_key, kv_head, shape), own, shape.width, is_copied_whole(k, shape.width));
  load_rows<width, tensor_keys>(
      values, KeyRows<const bfloat16>(v, tile.first_key, kv_head, shape), own, shape.width, is_copied_whole(v, shape.width));
  if (ahead.has_queries()) load_queries(0);
  float factor_of_two = scale * log2_of_e, key_sums[width / 8][4], value_sums[width / 8][4];
  clear_sums<width>(key_sums);
  clear_sums<width>(value_sums);

  auto compute = [&](int turn, const QueryWalk &now, int sight) {
    const bfloat16 *queries = memory + turn * stage, *gradients = queries + matrix;
    const float *constants = (const float *)(queries + 2 * matrix) + 2 * (threadIdx.x % 4);

    // A row a key, a column a query.
    float scores[row_tiles][4], changes[row_tiles][4];
    multiply_shared<width, row_tiles>(
        scores, keys + warp_key * stride + left_place(stride), queries + right_place(stride));
    multiply_shared<width, row_tiles>(
        changes, values + warp_key * stride + left_place(stride), gradients + right_place(stride));
    if (sight == see_some) {
      int thread = computed_again(threadIdx.x);
      QuerySpan span = spans[now.index];
      Grouping again(computed_again(grouping.group));
      int rows = now.count() * again.group, first_key = tile.first_key + thread / 32 * 16 - span.first_key;
#pragma unroll
      for (int n = 0; n < row_tiles; ++n)
        for (int j = 0; j < 2; ++j) {
          int row = 8 * n + 2 * (thread % 4) + j;
          int visible = row < rows ? visible_keys(span.visible, span.step, span.keys, now.start + again.query(row)) : 0;
          for (int i = 0; i < 2; ++i) {
            int key = first_key + thread % 32 / 4 + 8 * i;
            if (key < 0 || key >= visible) scores[n][2 * i + j] = -infinity();
          }
        }
    }
#pragma unroll
    for (int n = 0; n < row_tiles; ++n) {
      TwoFloats log_sum = *(const TwoFloats *)(constants + 8 * n);
      TwoFloats delta = *(const TwoFloats *)(constants + tile_rows + 8 * n);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float weight = power_of_two(scores[n][i] * factor_of_two - (i % 2 ? log_sum.second : log_sum.first) * log2_of_e);
        scores[n][i] = weight;
        changes[n][i] = weight * (changes[n][i] - (i % 2 ? delta.second : delta.first));
      }
    }
    add_products<width, row_tiles>(value_sums, scores, gradients + left_place(stride));
    add_products<width, row_tiles>(key_sums, changes, queries + left_place(stride));
  };

  int next_sight = ahead.has_queries() ? ahead.sight(tile.first_key + warp_key, grouping.group) : see_none;
  for (int turn = 0; ahead.has_queries(); turn ^= stages - 1) {
    QueryWalk now = ahead;
    int sight = next_sight;
    ahead.next();
    // The present rows are there, and nobody reads the earlier ones any more.
    wait_for_copies();
    __syncthreads();
    if (ahead.has_queries()) {
      if constexpr (stages == 2) load_queries(turn ^ 1);
      next_sight = ahead.sight(tile.first_key + warp_key, grouping.group);
    }
    if (sight != see_none) compute(turn, now, sight);
    if constexpr (stages == 1) {
      __syncthreads();
      if (ahead.has_queries()) load_queries(0);
    }
  }

  wait_for_copies();
  __syncthreads();
  finish_keys<width>(key_sums, value_sums, keys, dk, dv, partials, tiles, shape, scale, key_count);
}

#define ATTENTION_BACKWARD_KEYS_TENSOR(name, width, stages, blocks)                                                           \
  extern "C" __global__ void __launch_bounds__(128, blocks) attention_backward_keys_tensor_##name(                 \
      const bfloat16 *q, const bfloat16 *k, const bfloat16 *v, const bfloat16 *g, const float *log_sums,           \
      const float *deltas, bfloat16 *dk, bfloat16 *dv, float *partials, const KeyTile *tiles,                      \
      const QuerySpan *spans, int heads, int kv_heads, int own_width, float scale, int query_count,                \
      int key_count) {                                                                                             \
    AttentionShape shape = {heads, kv_heads, own_width};                                                           \
    attention_key_gradients<width, stages>(                                                                        \
        q, k, v, g, log_sums, deltas, dk, dv, partials, tiles, spans, shape, scale, query_count, key_count);       \
  }

ATTENTION_BACKWARD_KEYS_TENSOR(64, 64, 2, 2)
ATTENTION_BACKWARD_KEYS_TENSOR(80, 80, 2, 2)
ATTENTION_BACKWARD_KEYS_TENSOR(128, 128, 2, 2)
// For chips whose blocks have 99 KiB of memory.
ATTENTION_BACKWARD_KEYS_TENSOR(128_one_stage, 128, 1, 1)
