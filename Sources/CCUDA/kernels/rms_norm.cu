// y = x * weight / sqrt(mean(x^2) + epsilon); a block a row of d elements.

/// inverses [rows] gets 1 / sqrt(mean(x^2) + epsilon) for the backward pass.
extern "C" __global__ void rms_norm(
    const float *x, const float *weight, float *y, float *inverses, int d, float epsilon) {
  const float *row = x + (long long)blockIdx.x * d;
  float *out = y + (long long)blockIdx.x * d;
  float squares = 0;
  for (int i = threadIdx.x; i < d; i += blockDim.x) squares += row[i] * row[i];
  float inverse = 1.0f / sqrtf(block_sum(squares) / (float)d + epsilon);
  if (threadIdx.x == 0) inverses[blockIdx.x] = inverse;
  for (int i = threadIdx.x; i < d; i += blockDim.x) out[i] = row[i] * inverse * weight[i];
}

extern "C" __global__ void rms_norm_backward_input(
    const float *x, const float *weight, const float *inverses, const float *g, float *dx, int d) {
  long long start = (long long)blockIdx.x * d;
  float dot = 0;
  for (int i = threadIdx.x; i < d; i += blockDim.x) dot += g[start + i] * weight[i] * x[start + i];
  float inverse = inverses[blockIdx.x];
  float slope = block_sum(dot) * inverse * inverse * inverse / (float)d;
  for (int i = threadIdx.x; i < d; i += blockDim.x)
    dx[start + i] = g[start + i] * weight[i] * inverse - x[start + i] * slope;
}
