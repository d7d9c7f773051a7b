// Ranges of columns, and sums down the columns.

/// `width` columns of rows that are `source_stride` and `target_stride` apart; a block a row.
extern "C" __global__ void copy_columns(
    const float *x, float *y, int source_stride, int target_stride, int width) {
  const float *source = x + (long long)blockIdx.x * source_stride;
  float *target = y + (long long)blockIdx.x * target_stride;
  for (int i = threadIdx.x; i < width; i += blockDim.x) target[i] = source[i];
}

extern "C" __global__ void add_columns(
    const float *x, float *y, int source_stride, int target_stride, int width) {
  const float *source = x + (long long)blockIdx.x * source_stride;
  float *target = y + (long long)blockIdx.x * target_stride;
  for (int i = threadIdx.x; i < width; i += blockDim.x) target[i] += source[i];
}

/// The sums of `value(row, column)` down 32 columns a block of 256 threads, in a fixed order, added to y.
template <class Value>
__device__ inline void add_down_columns(int rows, int d, float *y, Value value) {
  __shared__ float parts[8][33];
  int lane = threadIdx.x % 32, group = threadIdx.x / 32;
  int column = blockIdx.x * 32 + lane;
  float sum = 0;
  if (column < d)
    for (int row = group; row < rows; row += 8) sum += value(row, column);
  parts[group][lane] = sum;
  __syncthreads();
  if (group == 0 && column < d) {
    float whole = 0;
    for (int part = 0; part < 8; ++part) whole += parts[part][lane];
    y[column] += whole;
  }
}

/// y [d] += sum over rows of g [rows, d]
extern "C" __global__ void add_column_sums(const float *g, float *y, int rows, int d) {
  add_down_columns(rows, d, y, [=](int row, int column) { return g[(long long)row * d + column]; });
}

/// The gradient of a norm's weight, dweight [d] += sum of g (x - mean) inverse; without means they are 0.
extern "C" __global__ void norm_backward_weight(
    const float *x, const float *means, const float *inverses, const float *g, float *dweight, int rows, int d) {
  add_down_columns(rows, d, dweight, [=](int row, int column) {
    long long i = (long long)row * d + column;
    return g[i] * (x[i] - (means ? means[row] : 0.0f)) * inverses[row];
  });
}
