// log softmax over rows of logits [rows, width], read at one target a row; a block a row.

/// sums [rows] gets log sum exp of each row.
extern "C" __global__ void log_sum_exp_rows(const float *logits, float *sums, int width) {
  const float *row = logits + (long long)blockIdx.x * width;
  float largest = -infinity();
  for (int i = threadIdx.x; i < width; i += blockDim.x) largest = fmaxf(largest, row[i]);
  largest = block_largest(largest);
  // A vocabulary has more terms than a float's sum should have.
  double sum = 0;
  for (int i = threadIdx.x; i < width; i += 4 * blockDim.x) {
    float some = 0;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      int place = i + j * (int)blockDim.x;
      if (place < width) some += expf(row[place] - largest);
    }
    sum += (double)some;
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = largest + (float)log(sum);
}

/// y [rows] = logits at the targets - sums
extern "C" __global__ void target_log_probabilities(
    const float *logits, const float *sums, const int *targets, float *y, long long rows, int width) {
  FOR_EACH(row, rows) y[row] = logits[row * width + targets[row]] - sums[row];
}

/// d = g (1[target] - softmax); d may be the logits' own memory.
extern "C" __global__ void log_softmax_backward(
    const float *logits, const float *sums, const int *targets, const float *g, float *d, int width) {
  long long start = (long long)blockIdx.x * width;
  float shift = sums[blockIdx.x], slope = g[blockIdx.x];
  int target = targets[blockIdx.x];
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    float gradient = -slope * expf(logits[start + i] - shift);
    d[start + i] = i == target ? gradient + slope : gradient;
  }
}
