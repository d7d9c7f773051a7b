/// Private: run-time choice of instruction sets, and the exponential every kernel shares.
#ifndef CK_DISPATCH_H
#define CK_DISPATCH_H

#include "CKernels.h"

#include <math.h>
#include <string.h>

/// On x86-64 ELF systems the loader picks the widest of three versions of a marked function; elsewhere
/// (arm64) the baseline has the vector unit already. Only entry points are marked: what they inline
/// inherits their instruction set.
#if defined(__x86_64__) && defined(__ELF__)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif

#define CK_INLINE static inline __attribute__((always_inline))

/// exp(x) to about 1 ulp, written without branches so that loops over it vectorise.
/// -inf gives 0, overflow gives +inf, NaN stays NaN.
CK_INLINE float ck_exp1(float x) {
  float z = x < -110.0f ? -110.0f : x;
  z = z > 90.0f ? 90.0f : z;
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  float shifted = z * 1.44269504088896341f + magic;
  float n = shifted - magic;
  int32_t bits;
  memcpy(&bits, &shifted, 4);
  int32_t e = bits - 0x4B400000;
  float r = z - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^e in two factors: e reaches 130 and -159, beyond one exponent field.
  int32_t half = e >> 1;
  int32_t first = (int32_t)((uint32_t)(half + 127) << 23);
  int32_t second = (int32_t)((uint32_t)(e - half + 127) << 23);
  float f1, f2;
  memcpy(&f1, &first, 4);
  memcpy(&f2, &second, 4);
  return p * f1 * f2;
}

CK_INLINE float ck_sigmoid1(float x) { return 1.0f / (1.0f + ck_exp1(-x)); }

CK_INLINE float ck_dot1(const float *restrict a, const float *restrict b, size_t n) {
#pragma clang fp reassociate(on)
  float s = 0;
  for (size_t i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}

/// Ignores NaN, which the exponentials after it then carry on.
CK_INLINE float ck_max1(const float *x, size_t n) {
  float lanes[16];
  for (int j = 0; j < 16; j++) lanes[j] = -INFINITY;
  size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; j++) lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
  float m = -INFINITY;
  for (int j = 0; j < 16; j++) m = lanes[j] > m ? lanes[j] : m;
  for (; i < n; i++) m = x[i] > m ? x[i] : m;
  return m;
}

#endif
