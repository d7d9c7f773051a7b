/// Private: what the kernels for AVX2 share.
#ifndef CK_AVX2_H
#define CK_AVX2_H

#include "dispatch.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define CK_AVX2 "avx2,fma"

CK_INLINE bool ck_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

/// 32 bytes, wherever they lie.
__attribute__((target(CK_AVX2))) CK_INLINE __m256i ck_load_bytes(const uint8_t *source) {
  return _mm256_loadu_si256((const __m256i *)(const void *)source);
}

/// The sums of four vectors.
__attribute__((target(CK_AVX2))) CK_INLINE __m128 ck_sums4(__m256 a, __m256 b, __m256 c, __m256 d) {
  __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

#endif
#endif
