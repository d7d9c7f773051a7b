// Activations and their derivatives.

__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

__device__ inline float silu_slope(float x) {
  float s = sigmoid(x);
  return s * (1.0f + x * (1.0f - s));
}

/// The normal distribution function, not its approximation by tanh.
__device__ inline float normal_cumulative(float x) { return 0.5f * (1.0f + erff(x * 0.70710678118654752f)); }

extern "C" __global__ void silu(const float *x, float *y, long long count) {
  FOR_EACH(i, count) y[i] = x[i] * sigmoid(x[i]);
}

extern "C" __global__ void silu_backward(const float *x, const float *g, float *dx, long long count) {
  FOR_EACH(i, count) dx[i] = g[i] * silu_slope(x[i]);
}

extern "C" __global__ void gelu(const float *x, float *y, long long count) {
  FOR_EACH(i, count) y[i] = x[i] * normal_cumulative(x[i]);
}

extern "C" __global__ void gelu_backward(const float *x, const float *g, float *dx, long long count) {
  FOR_EACH(i, count) {
    float density = 0.39894228040143268f * expf(-0.5f * x[i] * x[i]);
    dx[i] = g[i] * (normal_cumulative(x[i]) + x[i] * density);
  }
}
