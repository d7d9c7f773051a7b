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

  /// The same from several elements on.
  template <int count, int places>
  __device__ void read(Some<count> (&found)[places], const long long (&place)[places]) const {
#pragma unroll
    for (int i = 0; i < places; ++i) found[i] = at<count>(place[i]);
  }

  __device__ bool has_fours(int stride) const { return ::has_fours(first, stride); }
};

/// The sum of `count` parts, always in the same order, and of `base` where there is one.
struct SumOfParts {
  enum { at_a_time = 8 };
  const float *first;
  int count;
  /// Elements from a part to the next.
  long long apart;
  const float *base;

  template <int width>
  __device__ Some<width> at(long long place) const {
    Some<width> sums[1];
    read(sums, {place});
    return sums[0];
  }

  template <int width, int places>
  __device__ void read(Some<width> (&sums)[places], const long long (&place)[places]) const {
#pragma unroll
    for (int i = 0; i < places; ++i) sums[i] = base ? Some<width>::at(base + place[i]) : Some<width>{};
#pragma unroll 1
    for (int start = 0; start < count; start += at_a_time) {
      // All are on their way before the first is added.
      Some<width> parts[places][at_a_time];
#pragma unroll
      for (int i = 0; i < places; ++i)
#pragma unroll
        for (int part = 0; part < at_a_time; ++part)
          parts[i][part] = start + part < count ? Some<width>::at(first + (start + part) * apart + place[i]) : Some<width>{};
#pragma unroll
      for (int i = 0; i < places; ++i)
#pragma unroll
        for (int part = 0; part < at_a_time; ++part)
#pragma unroll
          for (int j = 0; j < width; ++j) sums[i].value[j] += parts[i][part].value[j];
    }
  }

  __device__ bool has_fours(int stride) const {
    return apart % 4 == 0 && ::has_fours(first, stride) && (!base || ::has_fours(base, stride));
  }
};
