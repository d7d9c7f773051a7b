// The gradients of attention that was computed on tensor cores, on tensor cores: the products of attention_backward.cu,
// of numbers rounded to bfloat16, in the tiles of attention_tensor.cu.

/// Rows of a [queries, heads * width] matrix, times `factor`, by rows and, where wanted, by columns; 0 beyond.
__device__ inline void load_narrow_queries(
    bfloat16 *by_rows, bfloat16 *by_columns, int column_stride, const float *matrix, int first_query, int rows, int count,
    int kv_head, AttentionShape shape, float factor) {
  int group = shape.group(), width = padded_width(shape);
  for (int i = threadIdx.x; i < count * width; i += tensor_threads) {
    int row = i / width, column = i % width;
    long long head = (long long)(first_query + row / group) * shape.heads + kv_head * group + row % group;
    bool inside = row < rows && column < shape.width;
    bfloat16 value = narrowed(inside ? factor * matrix[head * shape.width + column] : 0.0f);
    by_rows[row * key_stride(shape) + column] = value;
    if (by_columns) by_columns[column * column_stride + row] = value;
  }
}

/// This thread's part of rows 16 warp ... of a matrix in shared memory, for the step of 16 columns from `column` on.
__device__ inline void left_operand(unsigned a[4], const bfloat16 *rows, int stride, int column) {
  int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const bfloat16 *place = rows + (threadIdx.x / 32 * 16 + g) * stride + column + 2 * t;
  a[0] = pair_at(place);
  a[1] = pair_at(place + 8 * stride);
  a[2] = pair_at(place + 8);
  a[3] = pair_at(place + 8 * stride + 8);
}

/// This thread's part of eight rows of a matrix in shared memory, which are the columns of the right operand.
__device__ inline void right_operand(unsigned b[2], const bfloat16 *rows, int stride, int first_row, int column) {
  int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const bfloat16 *place = rows + (first_row + g) * stride + column + 2 * t;
  b[0] = pair_at(place);
  b[1] = pair_at(place + 8);
}

/// Two tiles of products become the left operand of the next.
__device__ inline void as_operand(unsigned a[4], const float first[4], const float second[4]) {
  a[0] = pair(first[0], first[1]);
  a[1] = pair(first[2], first[3]);
  a[2] = pair(second[0], second[1]);
  a[3] = pair(second[2], second[3]);
}

/// products[n] [16, 8] = the warp's 16 rows of `left` times rows 8 n ... of `right`
template <int tiles>
__device__ inline void multiply_rows(
    float products[tiles][4], const bfloat16 *left, const bfloat16 *right, AttentionShape shape) {
  int stride = key_stride(shape), width = padded_width(shape);
#pragma unroll
  for (int n = 0; n < tiles; ++n)
    for (int i = 0; i < 4; ++i) products[n][i] = 0;
  for (int column = 0; column < width; column += 16) {
    unsigned a[4], b[2];
    left_operand(a, left, stride, column);
#pragma unroll
    for (int n = 0; n < tiles; ++n) {
      right_operand(b, right, stride, 8 * n, column);
      multiply_add(products[n], a, b);
    }
  }
}

/// sums += weights [16, 8 tiles] times a matrix that lies by columns
template <int tiles>
__device__ inline void add_products(
    float sums[most_columns][4], const float weights[tiles][4], const bfloat16 *by_columns, int stride, int columns) {
#pragma unroll
  for (int step = 0; step < tiles / 2; ++step) {
    unsigned a[4], b[2];
    as_operand(a, weights[2 * step], weights[2 * step + 1]);
#pragma unroll
    for (int column = 0; column < most_columns; ++column) {
      if (column >= columns) continue;
      right_operand(b, by_columns, stride, 8 * column, 16 * step);
      multiply_add(sums[column], a, b);
    }
  }
}

__device__ inline void clear_sums(float sums[most_columns][4]) {
#pragma unroll
  for (int column = 0; column < most_columns; ++column)
    for (int i = 0; i < 4; ++i) sums[column][i] = 0;
}

/// dq of a tile of 64 rows, over 64 keys at a time.
extern "C" __global__ void __launch_bounds__(128) attention_backward_queries_tensor(
    const float *q, const float *k, const float *v, const float *g, const float *log_sums, const float *deltas,
    float *dq, const QueryTile *tiles, const KeySpan *spans, int heads, int kv_heads, int width, float scale,
    int query_count) {
  AttentionShape shape = {heads, kv_heads, width};
  int stride = key_stride(shape), columns = padded_width(shape) / 8;
  bfloat16 *queries = (bfloat16 *)block_memory;
  bfloat16 *gradients = queries + tile_rows * stride;
  // Values by rows, then keys by rows; keys by columns beside them.
  bfloat16 *rows_of_keys = gradients + tile_rows * stride;
  bfloat16 *key_columns = rows_of_keys + tensor_keys * stride;
  QueryTile tile = tiles[blockIdx.x];
  int kv_head = blockIdx.y, group = shape.group(), rows = tile.queries * group;
  int lane = threadIdx.x % 32, t = lane % 4;
  int own_rows[2] = {(int)threadIdx.x / 32 * 16 + lane / 4, (int)threadIdx.x / 32 * 16 + lane / 4 + 8};

  RowConstants constants[2] = {{0, 0}, {0, 0}};
  for (int i = 0; i < 2; ++i)
    if (own_rows[i] < rows)
      constants[i] = row_constants(log_sums, deltas, tile.first_query, own_rows[i], kv_head, group, query_count);
  load_narrow_queries(queries, nullptr, 0, q, tile.first_query, rows, tile_rows, kv_head, shape, scale);
  load_narrow_queries(gradients, nullptr, 0, g, tile.first_query, rows, tile_rows, kv_head, shape, 1);
  float sums[most_columns][4];
  clear_sums(sums);

  for (int index = tile.first_span; index < tile.first_span + tile.spans; ++index) {
    KeySpan span = spans[index];
    int most = visible_keys(span, span.row + span.rows - 1);
    for (int start = 0; start < most; start += tensor_keys) {
      int count = min((int)tensor_keys, most - start), first_key = span.first_key + start;
      float changes[score_columns][4], scores[score_columns][4];
      __syncthreads();
      load_narrow_keys(rows_of_keys, nullptr, v, first_key, count, kv_head, shape);
      __syncthreads();
      multiply_rows<score_columns>(changes, gradients, rows_of_keys, shape);
      __syncthreads();
      load_narrow_keys(rows_of_keys, key_columns, k, first_key, count, kv_head, shape);
      __syncthreads();
      multiply_rows<score_columns>(scores, queries, rows_of_keys, shape);
      for (int i = 0; i < 2; ++i) {
        int visible = own_rows[i] < rows ? visible_keys(span, own_rows[i] / group) - start : 0;
#pragma unroll
        for (int column = 0; column < score_columns; ++column)
          for (int j = 0; j < 2; ++j) {
            float weight = 8 * column + 2 * t + j < visible ? expf(scores[column][2 * i + j] - constants[i].log_sum) : 0.0f;
            scores[column][2 * i + j] = weight * (changes[column][2 * i + j] - constants[i].delta);
          }
      }
      add_products<score_columns>(sums, scores, key_columns, value_stride, columns);
    }
  }

  for (int i = 0; i < 2; ++i) {
    if (own_rows[i] >= rows) continue;
    long long head = (long long)(tile.first_query + own_rows[i] / group) * heads + kv_head * group + own_rows[i] % group;
#pragma unroll
    for (int column = 0; column < most_columns; ++column)
      for (int j = 0; j < 2; ++j)
        if (8 * column + 2 * t + j < width) dq[head * width + 8 * column + 2 * t + j] = sums[column][2 * i + j] * scale;
  }
}

/// Rows of queries that are computed at a time for 64 keys, and how they lie by columns.
enum { few_rows = 32, few_columns = few_rows / 8, few_stride = few_rows + 8 };

/// dk and dv of 64 keys, of which a warp has 16; `starts` says which of the spans of queries are theirs.
extern "C" __global__ void __launch_bounds__(128) attention_backward_keys_tensor(
    const float *q, const float *k, const float *v, const float *g, const float *log_sums, const float *deltas,
    float *dk, float *dv, const int *starts, const QuerySpan *spans, int heads, int kv_heads, int width, float scale,
    int query_count, int key_count) {
  AttentionShape shape = {heads, kv_heads, width};
  int stride = key_stride(shape), columns = padded_width(shape) / 8;
  bfloat16 *keys = (bfloat16 *)block_memory;
  bfloat16 *values = keys + tensor_keys * stride;
  bfloat16 *queries = values + tensor_keys * stride;
  bfloat16 *gradients = queries + few_rows * stride;
  bfloat16 *query_columns = gradients + few_rows * stride;
  bfloat16 *gradient_columns = query_columns + padded_width(shape) * few_stride;
  int kv_head = blockIdx.y, group = shape.group(), queries_a_tile = few_rows / group;
  int first_key = blockIdx.x * tensor_keys, own = min((int)tensor_keys, key_count - first_key);
  int lane = threadIdx.x % 32, t = lane % 4;
  int own_keys[2] = {(int)threadIdx.x / 32 * 16 + lane / 4, (int)threadIdx.x / 32 * 16 + lane / 4 + 8};

  load_narrow_keys(keys, nullptr, k, first_key, own, kv_head, shape);
  load_narrow_keys(values, nullptr, v, first_key, own, kv_head, shape);
  float key_sums[most_columns][4], value_sums[most_columns][4];
  clear_sums(key_sums);
  clear_sums(value_sums);

  for (int index = starts[blockIdx.x]; index < starts[blockIdx.x + 1]; ++index) {
    QuerySpan span = spans[index];
    for (int start = 0; start < span.queries; start += queries_a_tile) {
      int first_query = span.first_query + start;
      int rows = min(queries_a_tile, span.queries - start) * group;
      __syncthreads();
      load_narrow_queries(queries, query_columns, few_stride, q, first_query, rows, few_rows, kv_head, shape, scale);
      load_narrow_queries(gradients, gradient_columns, few_stride, g, first_query, rows, few_rows, kv_head, shape, 1);
      __syncthreads();
      // Transposed: a row a key, a column a query.
      float scores[few_columns][4], changes[few_columns][4];
      multiply_rows<few_columns>(scores, keys, queries, shape);
      multiply_rows<few_columns>(changes, values, gradients, shape);
#pragma unroll
      for (int column = 0; column < few_columns; ++column)
        for (int j = 0; j < 2; ++j) {
          int row = 8 * column + 2 * t + j;
          RowConstants constants = {0, 0};
          int visible = 0;
          if (row < rows) {
            constants = row_constants(log_sums, deltas, first_query, row, kv_head, group, query_count);
            visible = visible_keys(span.visible, span.step, span.keys, start + row / group);
          }
          for (int i = 0; i < 2; ++i) {
            int key = first_key + own_keys[i] - span.first_key;
            float weight = key >= 0 && key < visible ? expf(scores[column][2 * i + j] - constants.log_sum) : 0.0f;
            scores[column][2 * i + j] = weight;
            changes[column][2 * i + j] = weight * (changes[column][2 * i + j] - constants.delta);
          }
        }
      add_products<few_columns>(value_sums, scores, gradient_columns, few_stride, columns);
      add_products<few_columns>(key_sums, changes, query_columns, few_stride, columns);
    }
  }

  for (int i = 0; i < 2; ++i) {
    if (own_keys[i] >= own) continue;
    long long head = (long long)(first_key + own_keys[i]) * kv_heads + kv_head;
#pragma unroll
    for (int column = 0; column < most_columns; ++column)
      for (int j = 0; j < 2; ++j) {
        int place = 8 * column + 2 * t + j;
        if (place >= width) continue;
        dk[head * width + place] = key_sums[column][2 * i + j];
        dv[head * width + place] = value_sums[column][2 * i + j];
      }
  }
}
