// Matrices that a kernel reads as they lie, or as the sum of parts that lie one behind the other in float32: those of a
// product whose summed dimension was divided among blocks.
#pragma once

/// As it lies.
template <class Number>
struct Whole {
  const Number *first;

  /// Some neighbours, from an element on.
  template <int count>
  __device__ Some<count> at(long long place) const { return Some<count>::at(first + place); }

  __device__ bool has_fours(int stride) const { return ::has_fours(first, stride); }
};

/// The sum of `count` parts, always in the same order, and of `base` where there is one.
struct SumOfParts {
  const float *first;
  int count;
  /// Elements from a part to the next.
  long long apart;
  const float *base;

  template <int width>
  __device__ Some<width> at(long long place) const {
    Some<width> sum = {};
    if (base) sum = Some<width>::at(base + place);
    // All parts are on their way at a time.
#pragma unroll 8
    for (int part = 0; part < count; ++part) {
      Some<width> more = Some<width>::at(first + part * apart + place);
#pragma unroll
      for (int i = 0; i < width; ++i) sum.value[i] += more.value[i];
    }
    return sum;
  }

  __device__ bool has_fours(int stride) const {
    return apart % 4 == 0 && ::has_fours(first, stride) && (!base || ::has_fours(base, stride));
  }
};
