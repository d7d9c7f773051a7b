// Attention with its products on tensor cores: a block of four warps has a tile of 64 or 128 rows, each warp one or two
// slices of 16 of them, and goes over 64 keys at a time, while the next 64 arrive. A warp with two slices multiplies
// everything it loads twice, so that shared memory keeps up with the tensor cores; tiles of 64 rows are for layouts that
// would leave larger ones half empty.

/// Writes a tile's result, or its part of one.
template <int width, int slices>
__device__ inline void finish_tile(
    float sums[slices][width / 8][4], float largest[slices][2], float total[slices][2], bfloat16 *out, float *log_sums,
    float *partials, float *states, const QueryTile *tiles, AttentionShape shape, int query_count) {
  constexpr int stride = row_stride(width);
  int thread = computed_again(threadIdx.x), kv_head = computed_again(blockIdx.y);
  QueryTile tile = tiles[computed_again(blockIdx.x)];
  int g = thread % 32 / 4, t = thread % 4, first_row = thread / 32 * 16 * slices;
  Grouping grouping(computed_again(shape.group()));
  int rows = tile.queries * grouping.group;
  // Whole rows go through shared memory, which nobody reads any more.
  bfloat16 *memory = (bfloat16 *)block_memory;
  __syncthreads();
#pragma unroll
  for (int slice = 0; slice < slices; ++slice) {
    float factors[2];
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      float all = quad_sum(total[slice][i]);
      factors[i] = 1.0f / all;
      int row = first_row + 16 * slice + g + 8 * i;
      if (row >= rows) continue;
      float top = largest[slice][i] / log2_of_e;
      if (tile.slot < 0) {
        long long place = ((long long)kv_head * query_count + tile.first_query) * grouping.group + row;
        if (t == 0) log_sums[place] = top + logf(all);
        continue;
      }
      long long place = ((long long)tile.slot * shape.kv_heads + kv_head) * tile_rows + row;
      if (t == 0) {
        states[2 * place] = top;
        states[2 * place + 1] = all;
      }
      // Of a row that sees none of the part's keys nobody reads the sums: such as another answer's.
      if (all == 0) continue;
      TwoFloats *target = (TwoFloats *)(partials + place * width) + t;
#pragma unroll
      for (int column = 0; column < width / 8; ++column)
        target[4 * column] = TwoFloats{sums[slice][column][2 * i], sums[slice][column][2 * i + 1]};
    }
    if (tile.slot < 0) place_sums<width>(memory + (first_row + 16 * slice) * stride, sums[slice], factors);
  }
  if (tile.slot >= 0) return;
  __syncthreads();
  store_rows<width>(
      QueryRows<bfloat16>(out, tile.first_query, kv_head, grouping, shape), memory, rows, shape.width,
      is_copied_whole(out, shape.width));
}

/// - standing: rows of the keys and values before this one no kernel in flight writes.
template <int width, int slices>
__device__ inline void attention_tensor_tile(
    const bfloat16 *q, const bfloat16 *k, const bfloat16 *v, bfloat16 *out, float *log_sums, float *partials,
    float *states, const QueryTile *tiles, const KeySpan *spans, AttentionShape shape, float scale, int query_count,
    int standing) {
  constexpr int stride = row_stride(width), steps = width / 16, stage = 2 * tensor_keys * stride;
  // The queries stay in registers where these suffice; then their memory is that of the second stage.
  constexpr bool are_held = slices * steps <= 8;
  // The layout was there before the kernels in front of this one.
  QueryTile tile = tiles[blockIdx.x];
  KeyWalk ahead(spans, tile);
  // Per stage 64 keys, then their values.
  bfloat16 *memory = (bfloat16 *)block_memory;
  bfloat16 *queries = memory + (are_held ? 1 : 2) * stage;
  int kv_head = blockIdx.y;
  Grouping grouping(shape.group());
  int rows = tile.queries * grouping.group;
  int warp_row = threadIdx.x / 32 * 16 * slices;
  int first_query = grouping.query(warp_row), last_query = min(grouping.query(warp_row + 16 * slices - 1), tile.queries - 1);
  bool whole = is_copied_whole(k, shape.width) && is_copied_whole(v, shape.width);

  auto load_keys = [&](int turn) {
    bfloat16 *keys = memory + turn * stage;
    load_rows<width, tensor_keys>(
        keys, KeyRows<const bfloat16>(k, ahead.first_key(), kv_head, shape), ahead.count(), shape.width, whole);
    load_rows<width, tensor_keys>(
        keys + stage / 2, KeyRows<const bfloat16>(v, ahead.first_key(), kv_head, shape), ahead.count(), shape.width, whole);
  };
  // A prompt's keys are on their way while the queries are still being made.
  bool stand = ahead.has_keys() && ahead.first_key() + ahead.count() <= standing;
  if (stand) load_keys(0);
  follow_previous();
  if (tile.queries == 0) return;
  load_rows<width, 64 * slices>(
      queries, QueryRows<const bfloat16>(q, tile.first_query, kv_head, grouping, shape), rows, shape.width,
      is_copied_whole(q, shape.width));
  if (ahead.has_keys() && !stand) load_keys(0);
  const bfloat16 *own_queries = queries + warp_row * stride + left_place(stride);
  unsigned held[are_held ? slices : 1][are_held ? steps : 1][4];
  if constexpr (are_held) {
    wait_for_copies();
    __syncthreads();
#pragma unroll
    for (int slice = 0; slice < slices; ++slice)
#pragma unroll
      for (int step = 0; step < steps; ++step)
        load_matrices(held[slice][step], own_queries + 16 * slice * stride + 16 * step);
  }

  float sums[slices][width / 8][4], largest[slices][2], total[slices][2];
#pragma unroll
  for (int slice = 0; slice < slices; ++slice) {
    for (int i = 0; i < 2; ++i) {
      largest[slice][i] = -infinity();
      total[slice][i] = 0;
    }
#pragma unroll
    for (int column = 0; column < width / 8; ++column)
      for (int i = 0; i < 4; ++i) sums[slice][column][i] = 0;
  }
  float factor_of_two = scale * log2_of_e;

  int next_sight = ahead.has_keys() ? ahead.sight(first_query, last_query) : see_none;
  for (int turn = 0; ahead.has_keys(); turn ^= 1) {
    KeyWalk now = ahead;
    int sight = next_sight;
    ahead.next();
    // The present keys are there, and nobody reads the earlier ones any more.
    wait_for_copies();
    __syncthreads();
    if (ahead.has_keys()) {
      load_keys(turn ^ 1);
      next_sight = ahead.sight(first_query, last_query);
    }
    if (sight == see_none) continue;
    const bfloat16 *keys = memory + turn * stage + right_place(stride);
    const bfloat16 *values = memory + turn * stage + stage / 2 + left_place(stride);

    float scores[slices][key_tiles][4];
#pragma unroll
    for (int slice = 0; slice < slices; ++slice)
#pragma unroll
      for (int n = 0; n < key_tiles; ++n)
        for (int i = 0; i < 4; ++i) scores[slice][n][i] = 0;
#pragma unroll
    for (int step = 0; step < steps; ++step) {
      unsigned a[slices][4];
#pragma unroll
      for (int slice = 0; slice < slices; ++slice) {
        if constexpr (are_held)
          for (int i = 0; i < 4; ++i) a[slice][i] = held[slice][step][i];
        else
          load_matrices(a[slice], own_queries + 16 * slice * stride + 16 * step);
      }
#pragma unroll
      for (int n = 0; n < key_tiles; n += 2) {
        unsigned b[4];
        load_matrices(b, keys + 8 * n * stride + 16 * step);
#pragma unroll
        for (int slice = 0; slice < slices; ++slice) {
          multiply_add(scores[slice][n], a[slice], b);
          multiply_add(scores[slice][n + 1], a[slice], b + 2);
        }
      }
    }

    if (sight == see_some) {
      int thread = computed_again(threadIdx.x);
      Grouping again(computed_again(shape.group()));
#pragma unroll
      for (int slice = 0; slice < slices; ++slice)
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          int row = thread / 32 * 16 * slices + 16 * slice + thread % 32 / 4 + 8 * i;
          int visible = now.visible(again.query(row)) - 2 * (thread % 4);
#pragma unroll
          for (int n = 0; n < key_tiles; ++n)
            for (int j = 0; j < 2; ++j)
              if (8 * n + j >= visible) scores[slice][n][2 * i + j] = -infinity();
        }
    }

    float tops[slices][2];
    bool grown = false;
#pragma unroll
    for (int slice = 0; slice < slices; ++slice)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        float top = -infinity();
#pragma unroll
        for (int n = 0; n < key_tiles; ++n) top = fmaxf(top, fmaxf(scores[slice][n][2 * i], scores[slice][n][2 * i + 1]));
        tops[slice][i] = quad_largest(top) * factor_of_two;
        grown = grown || tops[slice][i] > largest[slice][i];
      }
    // Later keys seldom have a larger score than all before.
    if (__any_sync(0xffffffffu, grown)) {
#pragma unroll
      for (int slice = 0; slice < slices; ++slice)
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          float now = fmaxf(largest[slice][i], tops[slice][i]);
          // A row that has seen no key yet keeps its sums of zero.
          float factor = now == -infinity() ? 0.0f : power_of_two(largest[slice][i] - now);
          largest[slice][i] = now;
          total[slice][i] *= factor;
#pragma unroll
          for (int column = 0; column < width / 8; ++column) {
            sums[slice][column][2 * i] *= factor;
            sums[slice][column][2 * i + 1] *= factor;
          }
        }
    }
#pragma unroll
    for (int slice = 0; slice < slices; ++slice)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        float reference = largest[slice][i] == -infinity() ? 0.0f : largest[slice][i];
#pragma unroll
        for (int n = 0; n < key_tiles; ++n)
#pragma unroll
          for (int j = 0; j < 2; ++j) {
            float weight = power_of_two(scores[slice][n][2 * i + j] * factor_of_two - reference);
            scores[slice][n][2 * i + j] = weight;
            // This thread's columns; the others are added at the end.
            total[slice][i] += weight;
          }
      }

#pragma unroll
    for (int step = 0; step < tensor_keys / 16; ++step) {
      unsigned a[slices][4];
#pragma unroll
      for (int slice = 0; slice < slices; ++slice) as_operand(a[slice], scores[slice][2 * step], scores[slice][2 * step + 1]);
#pragma unroll
      for (int column = 0; column < width / 8; column += 2) {
        unsigned b[4];
        load_transposed(b, values + 16 * step * stride + 8 * column);
#pragma unroll
        for (int slice = 0; slice < slices; ++slice) {
          multiply_add(sums[slice][column], a[slice], b);
          multiply_add(sums[slice][column + 1], a[slice], b + 2);
        }
      }
    }
  }

  finish_tile<width, slices>(sums, largest, total, out, log_sums, partials, states, tiles, shape, query_count);
}

#define ATTENTION_TENSOR(width, rows, blocks)                                                                        \
  extern "C" __global__ void __launch_bounds__(128, blocks) attention_tensor_##width##_##rows(                             \
      const bfloat16 *q, const bfloat16 *k, const bfloat16 *v, bfloat16 *out, float *log_sums, float *partials,    \
      float *states, const QueryTile *tiles, const KeySpan *spans, int heads, int kv_heads, int own_width,         \
      float scale, int query_count, int standing) {                                                                \
    AttentionShape shape = {heads, kv_heads, own_width};                                                           \
    attention_tensor_tile<width, rows / 64>(                                                                       \
        q, k, v, out, log_sums, partials, states, tiles, spans, shape, scale, query_count, standing);              \
  }

// Heads up to a width, rows of a tile, and blocks of a multiprocessor for which the registers have to suffice.
ATTENTION_TENSOR(64, 64, 4)
ATTENTION_TENSOR(64, 128, 2)
ATTENTION_TENSOR(80, 64, 3)
ATTENTION_TENSOR(80, 128, 2)
ATTENTION_TENSOR(128, 64, 3)
ATTENTION_TENSOR(128, 128, 2)
