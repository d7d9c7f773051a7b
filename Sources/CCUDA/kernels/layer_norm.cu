// y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias; a block a row of d elements.

extern "C" __global__ void layer_norm(
    const float *x, const float *weight, const float *bias, float *y, float *means, float *inverses, int d,
    float epsilon) {
  const float *row = x + (long long)blockIdx.x * d;
  float *out = y + (long long)blockIdx.x * d;
  float sum = 0;
  for (int i = threadIdx.x; i < d; i += blockDim.x) sum += row[i];
  float mean = block_sum(sum) / (float)d;
  float squares = 0;
  for (int i = threadIdx.x; i < d; i += blockDim.x) squares += (row[i] - mean) * (row[i] - mean);
  float inverse = 1.0f / sqrtf(block_sum(squares) / (float)d + epsilon);
  if (threadIdx.x == 0) {
    means[blockIdx.x] = mean;
    inverses[blockIdx.x] = inverse;
  }
  for (int i = threadIdx.x; i < d; i += blockDim.x) out[i] = (row[i] - mean) * inverse * weight[i] + bias[i];
}

extern "C" __global__ void layer_norm_backward_input(
    const float *x, const float *weight, const float *means, const float *inverses, const float *g, float *dx, int d) {
  long long start = (long long)blockIdx.x * d;
  float mean = means[blockIdx.x], inverse = inverses[blockIdx.x];
  float sum = 0, dot = 0;
  for (int i = threadIdx.x; i < d; i += blockDim.x) {
    float slope = g[start + i] * weight[i];
    sum += slope;
    dot += slope * (x[start + i] - mean);
  }
  float shift = block_sum(sum) / (float)d;
  float slope = block_sum(dot) * inverse * inverse / (float)d;
  for (int i = threadIdx.x; i < d; i += blockDim.x)
    dx[start + i] = (g[start + i] * weight[i] - shift - (x[start + i] - mean) * slope) * inverse;
}
