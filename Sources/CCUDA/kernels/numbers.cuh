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
