// Joins the partial results of tiles whose keys were divided among blocks.

/// The sum of a row's parts. A lane has four of its columns: four neighbours, or with a step of 1 every 32nd from its own on.
template <int step>
struct RowOfParts {
  enum { pieces = 4 / step, at_a_time = 8 };
  Some<step> sums[pieces];

  __device__ static int column(int piece) { return step * ((int)threadIdx.x % 32 + 32 * piece); }

  /// Adds up to 32 parts that lie `apart` from one another, each times the factor that the lane of its number has.
  __device__ void add(const float *first, long long apart, int count, float factor, int width) {
#pragma unroll 1
    for (int start = 0; start < count; start += at_a_time) {
      // All are on their way before the first is added. A part is not there when the row sees none of its keys.
      float factors[at_a_time];
      Some<step> parts[at_a_time][pieces];
#pragma unroll
      for (int part = 0; part < at_a_time; ++part) {
        factors[part] = __shfl_sync(0xffffffffu, factor, start + part);
#pragma unroll
        for (int piece = 0; piece < pieces; ++piece)
          parts[part][piece] = factors[part] != 0 && column(piece) < width
                                   ? Some<step>::at(first + (start + part) * apart + column(piece))
                                   : Some<step>{};
      }
#pragma unroll
      for (int part = 0; part < at_a_time; ++part)
#pragma unroll
        for (int piece = 0; piece < pieces; ++piece)
#pragma unroll
          for (int i = 0; i < step; ++i) sums[piece].value[i] += factors[part] * parts[part][piece].value[i];
    }
  }

  template <class Number>
  __device__ void put_to(Number *target, float total, int width) {
#pragma unroll
    for (int piece = 0; piece < pieces; ++piece) {
      if (column(piece) >= width) continue;
#pragma unroll
      for (int i = 0; i < step; ++i) sums[piece].value[i] /= total;
      sums[piece].put_to(target + column(piece));
    }
  }
};

/// A tile says which slots are its: `spans` of them from first_span on, in rows of part_width elements. Eight blocks of
/// eight warps for each, a warp for a row.
template <int step, class Number>
__device__ inline void combine_parts_by(
    const float *partials, const float *states, Number *out, float *log_sums, QueryTile tile, AttentionShape shape,
    int query_count, int part_width) {
  int kv_head = blockIdx.y, group = shape.group(), lane = threadIdx.x % 32;
  int row = blockIdx.x % 8 * 8 + threadIdx.x / 32;
  if (row >= tile.queries * group) return;
  // Of a slot and the next.
  long long place = ((long long)tile.first_span * shape.kv_heads + kv_head) * tile_rows + row;
  long long apart = (long long)shape.kv_heads * tile_rows;
  float largest = -infinity();
  for (int slot = lane; slot < tile.spans; slot += 32) largest = fmaxf(largest, states[2 * (place + slot * apart)]);
  largest = warp_largest(largest);

  float total = 0;
  RowOfParts<step> sums = {};
#pragma unroll 1
  for (int first = 0; first < tile.spans; first += 32) {
    // A lane has the factor of a slot.
    float factor = 0;
    if (first + lane < tile.spans) {
      const float *state = states + 2 * (place + (first + lane) * apart);
      factor = expf(state[0] - largest);
      total += factor * state[1];
    }
    sums.add(
        partials + (place + first * apart) * part_width, apart * part_width, min(32, tile.spans - first), factor,
        shape.width);
  }
  total = warp_sum(total);
  int query = tile.first_query + row / group, head = row % group;
  sums.put_to(out + ((long long)query * shape.heads + kv_head * group + head) * shape.width, total, shape.width);
  if (lane == 0) log_sums[((long long)kv_head * query_count + query) * group + head] = largest + logf(total);
}

template <class Number>
__device__ inline void combine_parts(
    const float *partials, const float *states, Number *out, float *log_sums, const QueryTile *tiles,
    AttentionShape shape, int query_count, int part_width) {
  QueryTile tile = tiles[blockIdx.x / 8];
  follow_previous();
  if (has_fours(partials, part_width) && has_fours(out, shape.width))
    combine_parts_by<4>(partials, states, out, log_sums, tile, shape, query_count, part_width);
  else
    combine_parts_by<1>(partials, states, out, log_sums, tile, shape, query_count, part_width);
}

extern "C" __global__ void __launch_bounds__(256, 3) attention_combine(
    const float *partials, const float *states, float *out, float *log_sums, const QueryTile *tiles, int heads,
    int kv_heads, int width, int query_count, int part_width) {
  AttentionShape shape = {heads, kv_heads, width};
  combine_parts(partials, states, out, log_sums, tiles, shape, query_count, part_width);
}

extern "C" __global__ void __launch_bounds__(256, 3) attention_combine_narrow(
    const float *partials, const float *states, bfloat16 *out, float *log_sums, const QueryTile *tiles, int heads,
    int kv_heads, int width, int query_count, int part_width) {
  AttentionShape shape = {heads, kv_heads, width};
  combine_parts(partials, states, out, log_sums, tiles, shape, query_count, part_width);
}
