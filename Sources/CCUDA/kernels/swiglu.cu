// silu(gate + gate_bias) * (up + up_bias), where gate and up may be columns of one matrix: rows of theirs are `stride`
// elements apart, those of the result lie side by side. The biases may be absent.

struct GatedShape {
  long long rows;
  int width, stride;
};

/// body(column of the row, place in gate and up, place in the result) for every `step` columns of this thread.
template <int step, class Body>
__device__ inline void for_each_gated(GatedShape shape, Body body) {
  unsigned parts = (unsigned)(shape.width / step);
  FOR_EACH(i, shape.rows * parts) {
    long long row = quotient(i, parts);
    int column = (int)(i - row * parts) * step;
    body(column, row * shape.stride + column, row * shape.width + column);
  }
}

/// With what lies at a bias, if there is one.
template <int step, class Number>
__device__ inline Some<step> biased_at(const Number *place, const float *bias, int column) {
  Some<step> values = Some<step>::at(place);
  if (bias) {
#pragma unroll
    for (int j = 0; j < step; ++j) values.value[j] += bias[column + j];
  }
  return values;
}

template <int step, class Number>
__device__ inline void swiglu_by(
    const Number *gate, const Number *up, const float *gate_bias, const float *up_bias, Number *y, GatedShape shape) {
  for_each_gated<step>(shape, [=](int column, long long place, long long target) {
    auto x = biased_at<step>(gate + place, gate_bias, column), factor = biased_at<step>(up + place, up_bias, column);
#pragma unroll
    for (int j = 0; j < step; ++j) x.value[j] = x.value[j] * sigmoid(x.value[j]) * factor.value[j];
    x.put_to(y + target);
  });
}

template <class Number>
__device__ inline void swiglu_rows(
    const Number *gate, const Number *up, const float *gate_bias, const float *up_bias, Number *y, GatedShape shape) {
  if (shape.width % 4 == 0 && has_fours(gate, shape.stride) && has_fours(up, shape.stride))
    swiglu_by<4>(gate, up, gate_bias, up_bias, y, shape);
  else
    swiglu_by<1>(gate, up, gate_bias, up_bias, y, shape);
}

extern "C" __global__ void swiglu(
    const float *gate, const float *up, const float *gate_bias, const float *up_bias, float *y, long long rows, int width,
    int stride) {
  follow_previous();
  swiglu_rows(gate, up, gate_bias, up_bias, y, GatedShape{rows, width, stride});
}

extern "C" __global__ void swiglu_narrow(
    const bfloat16 *gate, const bfloat16 *up, const float *gate_bias, const float *up_bias, bfloat16 *y, long long rows,
    int width, int stride) {
  follow_previous();
  swiglu_rows(gate, up, gate_bias, up_bias, y, GatedShape{rows, width, stride});
}

/// The gradients lie as gate and up do; either may be absent.
template <int step, class Number>
__device__ inline void swiglu_backward_by(
    const Number *gate, const Number *up, const float *gate_bias, const float *up_bias, const Number *g, Number *dgate,
    Number *dup, GatedShape shape) {
  for_each_gated<step>(shape, [=](int column, long long place, long long source) {
    auto x = biased_at<step>(gate + place, gate_bias, column), factor = biased_at<step>(up + place, up_bias, column);
    auto slope = Some<step>::at(g + source);
    Some<step> of_up;
#pragma unroll
    for (int j = 0; j < step; ++j) {
      float value = x.value[j];
      of_up.value[j] = slope.value[j] * value * sigmoid(value);
      x.value[j] = slope.value[j] * factor.value[j] * silu_slope(value);
    }
    if (dgate) x.put_to(dgate + place);
    if (dup) of_up.put_to(dup + place);
  });
}

template <class Number>
__device__ inline void swiglu_backward_rows(
    const Number *gate, const Number *up, const float *gate_bias, const float *up_bias, const Number *g, Number *dgate,
    Number *dup, GatedShape shape) {
  bool four = shape.width % 4 == 0 && has_fours(gate, shape.stride) && has_fours(up, shape.stride) &&
              (!dgate || has_fours(dgate, shape.stride)) && (!dup || has_fours(dup, shape.stride));
  if (four)
    swiglu_backward_by<4>(gate, up, gate_bias, up_bias, g, dgate, dup, shape);
  else
    swiglu_backward_by<1>(gate, up, gate_bias, up_bias, g, dgate, dup, shape);
}

extern "C" __global__ void swiglu_backward(
    const float *gate, const float *up, const float *gate_bias, const float *up_bias, const float *g, float *dgate,
    float *dup, long long rows, int width, int stride) {
  swiglu_backward_rows(gate, up, gate_bias, up_bias, g, dgate, dup, GatedShape{rows, width, stride});
}

extern "C" __global__ void swiglu_backward_narrow(
    const bfloat16 *gate, const bfloat16 *up, const float *gate_bias, const float *up_bias, const bfloat16 *g,
    bfloat16 *dgate, bfloat16 *dup, long long rows, int width, int stride) {
  swiglu_backward_rows(gate, up, gate_bias, up_bias, g, dgate, dup, GatedShape{rows, width, stride});
}
