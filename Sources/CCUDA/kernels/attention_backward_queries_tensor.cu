// dq of attention that was computed on tensor cores: a block of four warps has a tile of 64 rows, each warp 16 of them,
// whose queries and gradients it holds in registers while the keys and values go by.

template <int width>
__device__ inline void attention_query_gradients(
    const bfloat16 *q, const bfloat16 *k, const bfloat16 *v, const bfloat16 *g, const float *log_sums,
    const float *deltas, bfloat16 *dq, const QueryTile *tiles, const KeySpan *spans, AttentionShape shape, float scale,
    int query_count) {
  constexpr int stride = row_stride(width), stage = 2 * tensor_keys * stride, keys_at_once = 32;
  QueryTile tile = tiles[blockIdx.x];
  if (tile.queries == 0) return;
  // Per stage 64 keys, then their values; the second stage first has the queries and their gradients.
  bfloat16 *memory = (bfloat16 *)block_memory;
  int kv_head = blockIdx.y;
  Grouping grouping(shape.group());
  int rows = tile.queries * grouping.group, warp_row = threadIdx.x / 32 * 16, own_row = warp_row + threadIdx.x % 32 / 4;
  int first_query = grouping.query(warp_row), last_query = min(grouping.query(warp_row + 15), tile.queries - 1);
  bool whole = is_copied_whole(k, shape.width) && is_copied_whole(v, shape.width);

  KeyWalk ahead(spans, tile);
  auto load_keys = [&](int turn) {
    bfloat16 *keys = memory + turn * stage;
    load_rows<width, tensor_keys>(
        keys, KeyRows<const bfloat16>(k, ahead.first_key(), kv_head, shape), ahead.count(), shape.width, whole);
    load_rows<width, tensor_keys>(
        keys + stage / 2, KeyRows<const bfloat16>(v, ahead.first_key(), kv_head, shape), ahead.count(), shape.width, whole);
  };
  load_rows<width, tile_rows>(
      memory + stage, QueryRows<const bfloat16>(q, tile.first_query, kv_head, grouping, shape), rows, shape.width,
      is_copied_whole(q, shape.width));
  load_rows<width, tile_rows>(
      memory + stage + stage / 2, QueryRows<const bfloat16>(g, tile.first_query, kv_head, grouping, shape), rows,
      shape.width, is_copied_whole(g, shape.width));
  if (ahead.has_keys()) load_keys(0);

  // Of the two rows of this thread: the sums as powers of two, and the deltas.
  float log_sum[2] = {0, 0}, delta[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    if (own_row + 8 * i >= rows) continue;
    long long place = ((long long)kv_head * query_count + tile.first_query) * grouping.group + own_row + 8 * i;
    log_sum[i] = log_sums[place] * log2_of_e;
    delta[i] = deltas[place];
  }
  float factor_of_two = scale * log2_of_e, sums[width / 8][4];
  clear_sums<width>(sums);
  unsigned queries[width / 16][4], gradients[width / 16][4];
  wait_for_copies();
  __syncthreads();
  hold_rows<width>(queries, memory + stage + warp_row * stride);
  hold_rows<width>(gradients, memory + stage + stage / 2 + warp_row * stride);

  int next_sight = ahead.has_keys() ? ahead.sight(first_query, last_query) : see_none;
  for (int turn = 0; ahead.has_keys(); turn ^= 1) {
    KeyWalk now = ahead;
    int sight = next_sight;
    ahead.next();
    wait_for_copies();
    __syncthreads();
    if (ahead.has_keys()) {
      load_keys(turn ^ 1);
      next_sight = ahead.sight(first_query, last_query);
    }
    if (sight == see_none) continue;
#pragma unroll 1
    for (int first = 0; first < tensor_keys; first += keys_at_once) {
      const bfloat16 *keys = memory + turn * stage + first * stride;
      float scores[keys_at_once / 8][4], changes[keys_at_once / 8][4];
      multiply_held<width, keys_at_once / 8>(scores, queries, keys + right_place(stride));
      multiply_held<width, keys_at_once / 8>(changes, gradients, keys + stage / 2 + right_place(stride));
      if (sight == see_some) {
        int thread = computed_again(threadIdx.x);
        Grouping again(computed_again(shape.group()));
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          int row = thread / 32 * 16 + thread % 32 / 4 + 8 * i;
          int visible = now.visible(again.query(row)) - first - 2 * (thread % 4);
#pragma unroll
          for (int n = 0; n < keys_at_once / 8; ++n)
            for (int j = 0; j < 2; ++j)
              if (8 * n + j >= visible) scores[n][2 * i + j] = -infinity();
        }
      }
#pragma unroll
      for (int n = 0; n < keys_at_once / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          scores[n][i] =
              power_of_two(scores[n][i] * factor_of_two - log_sum[i / 2]) * (changes[n][i] - delta[i / 2]);
      add_products<width, keys_at_once / 8>(sums, scores, keys + left_place(stride));
    }
  }

  float factors[2] = {scale, scale};
  __syncthreads();
  place_sums<width>(memory + warp_row * stride, sums, factors);
  __syncthreads();
  store_rows<width>(
      QueryRows<bfloat16>(dq, tile.first_query, kv_head, grouping, shape), memory, rows, shape.width,
      is_copied_whole(dq, shape.width));
}

#define ATTENTION_BACKWARD_QUERIES_TENSOR(width, blocks)                                                          \
  extern "C" __global__ void __launch_bounds__(128, blocks) attention_backward_queries_tensor_##width(             \
      const bfloat16 *q, const bfloat16 *k, const bfloat16 *v, const bfloat16 *g, const float *log_sums,           \
      const float *deltas, bfloat16 *dq, const QueryTile *tiles, const KeySpan *spans, int heads, int kv_heads,    \
      int own_width, float scale, int query_count) {                                                               \
    AttentionShape shape = {heads, kv_heads, own_width};                                                           \
    attention_query_gradients<width>(                                                                              \
        q, k, v, g, log_sums, deltas, dq, tiles, spans, shape, scale, query_count);                                \
  }

ATTENTION_BACKWARD_QUERIES_TENSOR(64, 3)
ATTENTION_BACKWARD_QUERIES_TENSOR(80, 3)
ATTENTION_BACKWARD_QUERIES_TENSOR(128, 2)
