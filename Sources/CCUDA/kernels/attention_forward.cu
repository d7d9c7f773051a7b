// softmax(scale * q kT) v by tiles with a running maximum (Dao et al., "FlashAttention"). A tile's keys may be divided
// among several blocks, whose partial results `attention_combine` joins.

extern "C" __global__ void __launch_bounds__(256) attention(
    const float *q, const float *k, const float *v, float *out, float *log_sums, float *partials, float *states,
    const QueryTile *tiles, const KeySpan *spans, int heads, int kv_heads, int width, float scale, int query_count) {
  AttentionShape shape = {heads, kv_heads, width};
  float *queries = block_memory;
  float *keys = queries + tile_rows * shape.stride();
  float *weights = keys + tile_keys * shape.stride();
  QueryTile tile = tiles[blockIdx.x];
  int kv_head = blockIdx.y, group = shape.group(), rows = tile.queries * group;
  int y = threadIdx.x / 16, x = threadIdx.x % 16;

  float sums[rows_a_thread][columns_a_thread], largest[rows_a_thread], total[rows_a_thread];
  for (int i = 0; i < rows_a_thread; ++i) {
    largest[i] = -infinity();
    total[i] = 0;
    for (int j = 0; j < columns_a_thread; ++j) sums[i][j] = 0;
  }
  load_query_rows(queries, q, tile.first_query, rows, kv_head, shape, scale);

  for (int index = tile.first_span; index < tile.first_span + tile.spans; ++index) {
    KeySpan span = spans[index];
    int most = visible_keys(span, span.row + span.rows - 1);
    for (int start = 0; start < most; start += tile_keys) {
      int count = min((int)tile_keys, most - start);
      __syncthreads();
      load_key_rows(keys, k, span.first_key + start, count, kv_head, shape);
      __syncthreads();
      float scores[rows_a_thread][2];
      multiply_tiles(scores, queries, keys, shape);
      for (int i = 0; i < rows_a_thread; ++i) {
        int row = rows_a_thread * y + i;
        int visible = row < rows ? visible_keys(span, row / group) - start : 0;
        float first = x < visible ? scores[i][0] : -infinity();
        float second = x + 16 < visible ? scores[i][1] : -infinity();
        float now = fmaxf(largest[i], row_largest(fmaxf(first, second)));
        bool any = now > -infinity();
        float factor = any ? expf(largest[i] - now) : 1.0f;
        first = any ? expf(first - now) : 0.0f;
        second = any ? expf(second - now) : 0.0f;
        total[i] = total[i] * factor + row_sum(first + second);
        largest[i] = now;
        for (int j = 0; j < columns_a_thread; ++j) sums[i][j] *= factor;
        weights[row * (tile_keys + 1) + x] = first;
        weights[row * (tile_keys + 1) + x + 16] = second;
      }
      __syncthreads();
      load_key_rows(keys, v, span.first_key + start, count, kv_head, shape);
      __syncthreads();
      add_weighted_rows(sums, weights, keys, count, shape);
    }
  }

  for (int i = 0; i < rows_a_thread; ++i) {
    int row = rows_a_thread * y + i;
    if (row >= rows) continue;
    int query = tile.first_query + row / group, head = row % group;
    float *target;
    float factor = 1;
    if (tile.slot < 0) {
      target = out + ((long long)query * shape.heads + kv_head * group + head) * shape.width;
      factor = 1.0f / total[i];
      if (x == 0) log_sums[((long long)kv_head * query_count + query) * group + head] = largest[i] + logf(total[i]);
    } else {
      long long place = ((long long)tile.slot * shape.kv_heads + kv_head) * tile_rows + row;
      target = partials + place * shape.width;
      if (x == 0) {
        states[2 * place] = largest[i];
        states[2 * place + 1] = total[i];
      }
    }
    for (int j = 0; j < columns_a_thread; ++j)
      if (x + 16 * j < shape.width) target[x + 16 * j] = sums[i][j] * factor;
  }
}
