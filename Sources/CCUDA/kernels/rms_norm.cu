// y = x * weight / sqrt(mean(x^2) + epsilon); a block a row of d elements.

/// Fours of a row that a thread keeps in registers; longer rows are read twice.
enum { kept_fours = 4 };

__device__ inline bool keeps_row(int d) { return d % 4 == 0 && d <= 4 * kept_fours * (int)blockDim.x; }

/// inverses [rows] gets 1 / sqrt(mean(x^2) + epsilon) for the backward pass; `found`, where it is given, what x is. Follows
/// the kernel before; weights that no kernel in flight writes are read while that one is still running.
template <bool weights_stand, class Source, class Number>
__device__ inline void rms_norm_row(
    Source x, float *found, const float *weight, Number *y, float *inverses, int d, float epsilon) {
  long long row = (long long)blockIdx.x * d;
  Number *out = y + row;
  float squares = 0;
  bool is_kept = keeps_row(d) && x.has_fours(d) && (!found || has_fours(found, d));
  Four factors[kept_fours];
  if constexpr (weights_stand) {
#pragma unroll
    for (int k = 0; k < kept_fours; ++k) {
      int i = 4 * ((int)threadIdx.x + k * (int)blockDim.x);
      if (is_kept && i < d) factors[k] = Four::at(weight + i);
    }
  }
  follow_previous();
  if (is_kept) {
    Four kept[kept_fours];
#pragma unroll
    for (int k = 0; k < kept_fours; ++k) {
      int i = 4 * ((int)threadIdx.x + k * (int)blockDim.x);
      if (i >= d) continue;
      kept[k] = x.template at<4>(row + i);
      if (found) kept[k].put_to(found + row + i);
      for (int j = 0; j < 4; ++j) squares += kept[k].value[j] * kept[k].value[j];
    }
    float inverse = 1.0f / sqrtf(block_sum(squares) / (float)d + epsilon);
    if (threadIdx.x == 0) inverses[blockIdx.x] = inverse;
#pragma unroll
    for (int k = 0; k < kept_fours; ++k) {
      int i = 4 * ((int)threadIdx.x + k * (int)blockDim.x);
      if (i >= d) continue;
      if constexpr (!weights_stand) factors[k] = Four::at(weight + i);
      for (int j = 0; j < 4; ++j) kept[k].value[j] *= inverse * factors[k].value[j];
      kept[k].put_to(out + i);
    }
    return;
  }
#pragma unroll 1
  for (int i = threadIdx.x; i < d; i += blockDim.x) {
    auto value = x.template at<1>(row + i);
    if (found) value.put_to(found + row + i);
    squares += value.value[0] * value.value[0];
  }
  float inverse = 1.0f / sqrtf(block_sum(squares) / (float)d + epsilon);
  if (threadIdx.x == 0) inverses[blockIdx.x] = inverse;
#pragma unroll 1
  for (int i = threadIdx.x; i < d; i += blockDim.x)
    put(out + i, x.template at<1>(row + i).value[0] * inverse * weight[i]);
}

extern "C" __global__ void rms_norm(
    const float *x, const float *weight, float *y, float *inverses, int d, float epsilon) {
  rms_norm_row<false>(Whole<float>{x}, nullptr, weight, y, inverses, d, epsilon);
}

extern "C" __global__ void rms_norm_narrow(
    const float *x, const float *weight, bfloat16 *y, float *inverses, int d, float epsilon) {
  rms_norm_row<false>(Whole<float>{x}, nullptr, weight, y, inverses, d, epsilon);
}

/// Of residual + the parts [count, rows, d], which goes to x; in a step of generation, where weights stand.
extern "C" __global__ void __launch_bounds__(512, 2) rms_norm_of_parts(
    const float *parts, int count, const float *residual, float *x, const float *weight, bfloat16 *y, float *inverses, int d,
    float epsilon) {
  SumOfParts sum = {parts, count, (long long)gridDim.x * d, residual};
  rms_norm_row<true>(sum, x, weight, y, inverses, d, epsilon);
}

/// The gradient of x, with `kept` 1 added to what is in dx, with 0 in its place.
template <class Number>
__device__ inline void rms_norm_backward_row(
    const float *x, const float *weight, const float *inverses, const Number *g, float *dx, int d, float kept) {
  long long start = (long long)blockIdx.x * d;
  float inverse = inverses[blockIdx.x], dot = 0;
  if (keeps_row(d) && has_fours(x + start, d) && has_fours(g + start, d) && has_fours(dx + start, d)) {
    Four values[kept_fours], slopes[kept_fours];
#pragma unroll
    for (int k = 0; k < kept_fours; ++k) {
      int i = 4 * ((int)threadIdx.x + k * (int)blockDim.x);
      if (i >= d) continue;
      values[k] = Four::at(x + start + i);
      slopes[k] = Four::at(g + start + i);
      Four factors = Four::at(weight + i);
      for (int j = 0; j < 4; ++j) {
        slopes[k].value[j] *= factors.value[j];
        dot += slopes[k].value[j] * values[k].value[j];
      }
    }
    float slope = block_sum(dot) * inverse * inverse * inverse / (float)d;
#pragma unroll
    for (int k = 0; k < kept_fours; ++k) {
      int i = 4 * ((int)threadIdx.x + k * (int)blockDim.x);
      if (i >= d) continue;
      Four sum = {};
      if (kept != 0) sum = Four::at(dx + start + i);
      for (int j = 0; j < 4; ++j) sum.value[j] += slopes[k].value[j] * inverse - values[k].value[j] * slope;
      sum.put_to(dx + start + i);
    }
    return;
  }
#pragma unroll 1
  for (int i = threadIdx.x; i < d; i += blockDim.x) dot += widened(g[start + i]) * weight[i] * x[start + i];
  float slope = block_sum(dot) * inverse * inverse * inverse / (float)d;
#pragma unroll 1
  for (int i = threadIdx.x; i < d; i += blockDim.x) {
    float gradient = widened(g[start + i]) * weight[i] * inverse - x[start + i] * slope;
    dx[start + i] = kept != 0 ? dx[start + i] + gradient : gradient;
  }
}

extern "C" __global__ void rms_norm_backward(
    const float *x, const float *weight, const float *inverses, const float *g, float *dx, int d, float kept) {
  rms_norm_backward_row(x, weight, inverses, g, dx, d, kept);
}

extern "C" __global__ void rms_norm_backward_narrow(
    const float *x, const float *weight, const float *inverses, const bfloat16 *g, float *dx, int d, float kept) {
  rms_norm_backward_row(x, weight, inverses, g, dx, d, kept);
}
