// Attention with its products in bfloat16 on tensor cores: a block of four warps has a tile of 64 rows, each warp 16 of
// them, and goes over 64 keys at a time. Scores, their softmax and all sums are float.

enum { tensor_keys = 64, tensor_threads = 128, most_steps = 8, most_columns = 16, score_columns = 8 };

/// Elements of a row in shared memory: of a key, padded to whole steps of 16, and of a column of the values. Eight more
/// than there are, so that the loads of a warp lie in different banks.
__device__ inline int padded_width(AttentionShape shape) { return (shape.width + 15) / 16 * 16; }
__device__ inline int key_stride(AttentionShape shape) { return padded_width(shape) + 8; }
enum { value_stride = tensor_keys + 8 };

__device__ inline unsigned pair_at(const bfloat16 *place) { return pair(place[0], place[1]); }

/// Rows of a [keys, kvHeads * width] matrix into shared memory, by rows, by columns or both; what lies beyond is 0.
template <class Number>
__device__ inline void load_narrow_keys(
    bfloat16 *by_rows, bfloat16 *by_columns, const Number *matrix, int first_key, int count, int kv_head,
    AttentionShape shape) {
  int width = padded_width(shape);
  for (int i = threadIdx.x; i < tensor_keys * width; i += tensor_threads) {
    int key = i / width, column = i % width;
    long long place = ((long long)(first_key + key) * shape.kv_heads + kv_head) * shape.width + column;
    bfloat16 value = narrowed(key < count && column < shape.width ? widened(matrix[place]) : 0.0f);
    if (by_rows) by_rows[key * key_stride(shape) + column] = value;
    if (by_columns) by_columns[column * value_stride + key] = value;
  }
}

/// Two neighbours of a row of queries; 0 beyond the head's width.
__device__ inline unsigned query_pair(const float *head, int column, int width, float factor) {
  float first = head && column < width ? head[column] * factor : 0.0f;
  float second = head && column + 1 < width ? head[column + 1] * factor : 0.0f;
  return pair(first, second);
}

/// Over the four threads that share rows.
__device__ inline float quad_sum(float value) {
  value += __shfl_xor_sync(0xffffffffu, value, 1);
  return value + __shfl_xor_sync(0xffffffffu, value, 2);
}
__device__ inline float quad_largest(float value) {
  value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 1));
  return fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 2));
}

template <class Number>
__device__ inline void attention_tensor_tile(
    const float *q, const Number *k, const Number *v, float *out, float *log_sums, float *partials, float *states,
    const QueryTile *tiles, const KeySpan *spans, AttentionShape shape, float scale, int query_count) {
  bfloat16 *keys = (bfloat16 *)block_memory;
  bfloat16 *values = keys + tensor_keys * key_stride(shape);
  QueryTile tile = tiles[blockIdx.x];
  int kv_head = blockIdx.y, group = shape.group(), rows = tile.queries * group;
  int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  int steps = padded_width(shape) / 16, columns = padded_width(shape) / 8;
  // This thread's two rows of the tile, and their queries.
  int own_rows[2] = {(int)threadIdx.x / 32 * 16 + g, (int)threadIdx.x / 32 * 16 + g + 8};

  unsigned queries[most_steps][4];
  const float *heads[2];
  for (int i = 0; i < 2; ++i) {
    long long head = (long long)(tile.first_query + own_rows[i] / group) * shape.heads + kv_head * group + own_rows[i] % group;
    heads[i] = own_rows[i] < rows ? q + head * shape.width : nullptr;
  }
#pragma unroll
  for (int step = 0; step < most_steps; ++step) {
    if (step >= steps) continue;
    for (int i = 0; i < 4; ++i)
      queries[step][i] = query_pair(heads[i % 2], 16 * step + 2 * t + 8 * (i / 2), shape.width, scale);
  }

  float sums[most_columns][4], largest[2] = {-infinity(), -infinity()}, total[2] = {0, 0};
#pragma unroll
  for (int column = 0; column < most_columns; ++column)
    for (int i = 0; i < 4; ++i) sums[column][i] = 0;

  for (int index = tile.first_span; index < tile.first_span + tile.spans; ++index) {
    KeySpan span = spans[index];
    int most = visible_keys(span, span.row + span.rows - 1);
    for (int start = 0; start < most; start += tensor_keys) {
      int count = min((int)tensor_keys, most - start);
      __syncthreads();
      load_narrow_keys(keys, nullptr, k, span.first_key + start, count, kv_head, shape);
      load_narrow_keys(nullptr, values, v, span.first_key + start, count, kv_head, shape);
      __syncthreads();

      float scores[score_columns][4];
#pragma unroll
      for (int column = 0; column < score_columns; ++column) {
        for (int i = 0; i < 4; ++i) scores[column][i] = 0;
        const bfloat16 *key = keys + (8 * column + g) * key_stride(shape) + 2 * t;
#pragma unroll
        for (int step = 0; step < most_steps; ++step) {
          if (step >= steps) continue;
          unsigned b[2] = {pair_at(key + 16 * step), pair_at(key + 16 * step + 8)};
          multiply_add(scores[column], queries[step], b);
        }
      }

      for (int i = 0; i < 2; ++i) {
        int visible = own_rows[i] < rows ? visible_keys(span, own_rows[i] / group) - start : 0;
        float top = -infinity();
#pragma unroll
        for (int column = 0; column < score_columns; ++column)
          for (int j = 0; j < 2; ++j) {
            if (8 * column + 2 * t + j >= visible) scores[column][2 * i + j] = -infinity();
            top = fmaxf(top, scores[column][2 * i + j]);
          }
        float now = fmaxf(largest[i], quad_largest(top));
        bool any = now > -infinity();
        float factor = any ? expf(largest[i] - now) : 1.0f, sum = 0;
#pragma unroll
        for (int column = 0; column < score_columns; ++column)
          for (int j = 0; j < 2; ++j) {
            float weight = any ? expf(scores[column][2 * i + j] - now) : 0.0f;
            scores[column][2 * i + j] = weight;
            sum += weight;
          }
        total[i] = total[i] * factor + quad_sum(sum);
        largest[i] = now;
#pragma unroll
        for (int column = 0; column < most_columns; ++column)
          for (int j = 0; j < 2; ++j) sums[column][2 * i + j] *= factor;
      }

#pragma unroll
      for (int step = 0; step < tensor_keys / 16; ++step) {
        unsigned a[4] = {
            pair(scores[2 * step][0], scores[2 * step][1]), pair(scores[2 * step][2], scores[2 * step][3]),
            pair(scores[2 * step + 1][0], scores[2 * step + 1][1]), pair(scores[2 * step + 1][2], scores[2 * step + 1][3])};
#pragma unroll
        for (int column = 0; column < most_columns; ++column) {
          if (column >= columns) continue;
          const bfloat16 *value = values + (8 * column + g) * value_stride + 16 * step + 2 * t;
          unsigned b[2] = {pair_at(value), pair_at(value + 8)};
          multiply_add(sums[column], a, b);
        }
      }
    }
  }

  for (int i = 0; i < 2; ++i) {
    int row = own_rows[i];
    if (row >= rows) continue;
    int query = tile.first_query + row / group, head = row % group;
    float *target;
    float factor = 1;
    if (tile.slot < 0) {
      target = out + ((long long)query * shape.heads + kv_head * group + head) * shape.width;
      factor = 1.0f / total[i];
      if (t == 0) log_sums[((long long)kv_head * query_count + query) * group + head] = largest[i] + logf(total[i]);
    } else {
      long long place = ((long long)tile.slot * shape.kv_heads + kv_head) * tile_rows + row;
      target = partials + place * shape.width;
      if (t == 0) {
        states[2 * place] = largest[i];
        states[2 * place + 1] = total[i];
      }
    }
#pragma unroll
    for (int column = 0; column < most_columns; ++column)
      for (int j = 0; j < 2; ++j)
        if (8 * column + 2 * t + j < shape.width) target[8 * column + 2 * t + j] = sums[column][2 * i + j] * factor;
  }
}

extern "C" __global__ void __launch_bounds__(128) attention_tensor(
    const float *q, const float *k, const float *v, float *out, float *log_sums, float *partials, float *states,
    const QueryTile *tiles, const KeySpan *spans, int heads, int kv_heads, int width, float scale, int query_count) {
  AttentionShape shape = {heads, kv_heads, width};
  attention_tensor_tile(q, k, v, out, log_sums, partials, states, tiles, spans, shape, scale, query_count);
}

/// The same over keys and values in bfloat16.
extern "C" __global__ void __launch_bounds__(128) attention_tensor_narrow(
    const float *q, const bfloat16 *k, const bfloat16 *v, float *out, float *log_sums, float *partials, float *states,
    const QueryTile *tiles, const KeySpan *spans, int heads, int kv_heads, int width, float scale, int query_count) {
  AttentionShape shape = {heads, kv_heads, width};
  attention_tensor_tile(q, k, v, out, log_sums, partials, states, tiles, spans, shape, scale, query_count);
}
