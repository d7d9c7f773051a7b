// Ranges of columns, and sums down the columns.

/// `width` columns of rows that are `source_stride` and `target_stride` apart; a block a row.
template <class Number>
__device__ inline void copy_columns_of_row(const Number *x, Number *y, int source_stride, int target_stride, int width) {
  const Number *source = x + (long long)blockIdx.x * source_stride;
  Number *target = y + (long long)blockIdx.x * target_stride;
  for (int i = threadIdx.x; i < width; i += blockDim.x) target[i] = source[i];
}

extern "C" __global__ void copy_columns(const float *x, float *y, int source_stride, int target_stride, int width) {
  copy_columns_of_row(x, y, source_stride, target_stride, width);
}

extern "C" __global__ void copy_columns_narrow(const bfloat16 *x, bfloat16 *y, int source_stride, int target_stride, int width) {
  copy_columns_of_row(x, y, source_stride, target_stride, width);
}

/// The same into longer rows, whose other elements become 0.
extern "C" __global__ void pad_rows(const bfloat16 *x, bfloat16 *y, int width, int stride, int padded) {
  const bfloat16 *source = x + (long long)blockIdx.x * stride;
  bfloat16 *target = y + (long long)blockIdx.x * padded;
  for (int i = threadIdx.x; i < padded; i += blockDim.x) target[i] = i < width ? source[i] : narrowed(0.0f);
}

extern "C" __global__ void add_columns(
    const float *x, float *y, int source_stride, int target_stride, int width) {
  const float *source = x + (long long)blockIdx.x * source_stride;
  float *target = y + (long long)blockIdx.x * target_stride;
  for (int i = threadIdx.x; i < width; i += blockDim.x) target[i] += source[i];
}

/// The sums of `value(row, column)` down 32 columns a block of 256 threads, over as many rows as the block has, in a
/// fixed order. They are left in parts [blocks down, d], or with `y` added to that.
template <class Value>
__device__ inline void add_down_columns(int rows, int rows_a_block, int d, float *parts, float *y, Value value) {
  __shared__ float sums[8][33];
  int lane = threadIdx.x % 32, group = threadIdx.x / 32;
  int column = blockIdx.x * 32 + lane;
  int first = blockIdx.y * rows_a_block, last = min(rows, first + rows_a_block);
  float sum = 0;
  if (column < d)
    for (int row = first + group; row < last; row += 8) sum += value(row, column);
  sums[group][lane] = sum;
  __syncthreads();
  if (group == 0 && column < d) {
    float whole = 0;
    for (int part = 0; part < 8; ++part) whole += sums[part][lane];
    if (y)
      y[column] += whole;
    else
      parts[(long long)blockIdx.y * d + column] = whole;
  }
}

/// Of the sums down the columns of g, whose rows are `stride` apart.
extern "C" __global__ void sum_columns(const float *g, float *parts, float *y, int rows, int rows_a_block, int d, int stride) {
  add_down_columns(rows, rows_a_block, d, parts, y, [=](int row, int column) { return g[(long long)row * stride + column]; });
}

extern "C" __global__ void sum_columns_narrow(
    const bfloat16 *g, float *parts, float *y, int rows, int rows_a_block, int d, int stride) {
  add_down_columns(
      rows, rows_a_block, d, parts, y, [=](int row, int column) { return widened(g[(long long)row * stride + column]); });
}

/// Of the gradient of a norm's weight, g (x - mean) inverse; without means they are 0.
template <class Number>
__device__ inline void norm_weight_sums(
    const float *x, const float *means, const float *inverses, const Number *g, float *parts, float *y, int rows,
    int rows_a_block, int d) {
  add_down_columns(rows, rows_a_block, d, parts, y, [=](int row, int column) {
    long long i = (long long)row * d + column;
    return widened(g[i]) * (x[i] - (means ? means[row] : 0.0f)) * inverses[row];
  });
}

extern "C" __global__ void norm_backward_weight(
    const float *x, const float *means, const float *inverses, const float *g, float *parts, float *y, int rows,
    int rows_a_block, int d) {
  norm_weight_sums(x, means, inverses, g, parts, y, rows, rows_a_block, d);
}

extern "C" __global__ void norm_backward_weight_narrow(
    const float *x, const float *means, const float *inverses, const bfloat16 *g, float *parts, float *y, int rows,
    int rows_a_block, int d) {
  norm_weight_sums(x, means, inverses, g, parts, y, rows, rows_a_block, d);
}
