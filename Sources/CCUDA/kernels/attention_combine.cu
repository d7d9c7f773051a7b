// Joins the partial results of tiles whose keys were divided among blocks.

/// A tile says which slots are its: `spans` of them from first_span on, in rows of part_width elements. Eight blocks of
/// eight warps for each, a warp for a row.
template <class Number>
__device__ inline void combine_parts(
    const float *partials, const float *states, Number *out, float *log_sums, const QueryTile *tiles,
    AttentionShape shape, int query_count, int part_width) {
  QueryTile tile = tiles[blockIdx.x / 8];
  follow_previous();
  int kv_head = blockIdx.y, group = shape.group(), lane = threadIdx.x % 32;
  int row = blockIdx.x % 8 * 8 + threadIdx.x / 32;
  if (row >= tile.queries * group) return;
  // Of a slot and the next.
  long long place = ((long long)tile.first_span * shape.kv_heads + kv_head) * tile_rows + row;
  long long step = (long long)shape.kv_heads * tile_rows;
  float largest = -infinity();
  for (int slot = lane; slot < tile.spans; slot += 32) largest = fmaxf(largest, states[2 * (place + slot * step)]);
  largest = warp_largest(largest);

  float total = 0, sums[4] = {0, 0, 0, 0};
#pragma unroll 1
  for (int first = 0; first < tile.spans; first += 32) {
    // A lane has the factor of a slot, so that many partial results are on their way at a time.
    float factor = 0;
    if (first + lane < tile.spans) {
      const float *state = states + 2 * (place + (first + lane) * step);
      factor = expf(state[0] - largest);
      total += factor * state[1];
    }
    int slots = min(32, tile.spans - first);
    const float *part = partials + (place + first * step) * part_width + lane;
#pragma unroll 8
    for (int slot = 0; slot < slots; ++slot) {
      float own = __shfl_sync(0xffffffffu, factor, slot);
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (lane + 32 * i < shape.width) sums[i] += own * part[32 * i];
      part += step * part_width;
    }
  }
  total = warp_sum(total);
  int query = tile.first_query + row / group, head = row % group;
  Number *target = out + ((long long)query * shape.heads + kv_head * group + head) * shape.width;
#pragma unroll
  for (int i = 0; i < 4; ++i)
    if (lane + 32 * i < shape.width) put(target + lane + 32 * i, sums[i] / total);
  if (lane == 0) log_sums[((long long)kv_head * query_count + query) * group + head] = largest + logf(total);
}

extern "C" __global__ void attention_combine(
    const float *partials, const float *states, float *out, float *log_sums, const QueryTile *tiles, int heads,
    int kv_heads, int width, int query_count, int part_width) {
  AttentionShape shape = {heads, kv_heads, width};
  combine_parts(partials, states, out, log_sums, tiles, shape, query_count, part_width);
}

extern "C" __global__ void attention_combine_narrow(
    const float *partials, const float *states, bfloat16 *out, float *log_sums, const QueryTile *tiles, int heads,
    int kv_heads, int width, int query_count, int part_width) {
  AttentionShape shape = {heads, kv_heads, width};
  combine_parts(partials, states, out, log_sums, tiles, shape, query_count, part_width);
}
