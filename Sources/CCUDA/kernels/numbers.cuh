// Numbers in memory: float, and bfloat16 as its 16 bits, so that no header of the toolkit is needed.
#pragma once

struct bfloat16 {
  unsigned short bits;
};

__device__ inline float infinity() { return __int_as_float(0x7f800000); }

__device__ inline float widened(float value) { return value; }

__device__ inline float widened(bfloat16 value) { return __int_as_float((int)((unsigned)value.bits << 16)); }

/// Rounds to the nearest, ties to even; NaN stays NaN.
__device__ inline bfloat16 narrowed(float value) {
  unsigned bits = (unsigned)__float_as_int(value);
  unsigned rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  unsigned quiet = (bits >> 16) | 0x40u;
  bfloat16 result;
  result.bits = (unsigned short)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
  return result;
}

__device__ inline bool is_finite(float value) { return (__float_as_int(value) & 0x7f800000) != 0x7f800000; }

/// What is kept in a form rounded to that form.
__device__ inline void put(float *place, float value) { *place = value; }
__device__ inline void put(bfloat16 *place, float value) { *place = narrowed(value); }

/// Some neighbours, four or one, which are read and written as one.
template <int count>
struct Some {
  float value[count];

  template <class Number>
  struct alignas(count * sizeof(Number)) InMemory {
    Number value[count];
  };

  template <class Number>
  __device__ static Some at(const Number *place) {
    InMemory<Number> read = *(const InMemory<Number> *)place;
    Some some;
#pragma unroll
    for (int i = 0; i < count; ++i) some.value[i] = widened(read.value[i]);
    return some;
  }

  template <class Number>
  __device__ void put_to(Number *place) const {
    InMemory<Number> written;
#pragma unroll
    for (int i = 0; i < count; ++i) put(&written.value[i], value[i]);
    *(InMemory<Number> *)place = written;
  }
};
using Four = Some<4>;

/// Whether fours of a matrix can be read whose rows are `stride` apart.
template <class Number>
__device__ inline bool has_fours(const Number *matrix, int stride) {
  return stride % 4 == 0 && (unsigned long long)matrix % (4 * sizeof(Number)) == 0;
}

/// Division in 64 bits, which takes many instructions, in one place.
#ifdef __CUDACC__
__noinline__
#endif
__device__ long long long_quotient(long long value, unsigned divisor) { return value / divisor; }

/// By a divisor that is not known when the kernels are compiled: in 64 bits where they are needed only.
__device__ inline long long quotient(long long value, unsigned divisor) {
  return (unsigned long long)value >> 32 ? long_quotient(value, divisor) : (long long)((unsigned)value / divisor);
}
