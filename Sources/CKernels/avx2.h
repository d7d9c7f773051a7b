/// Private: what the kernels for AVX2 share.
#ifndef CK_AVX2_H
#define CK_AVX2_H

#include "dispatch.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define CK_AVX2 "avx2,fma"

CK_INLINE bool ck_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

/// Eight bfloat16 values.
__attribute__((target(CK_AVX2))) CK_INLINE __m256 ck_load_bf16x8(const uint8_t *source) {
  __m128i halves = _mm_loadu_si128((const __m128i *)(const void *)source);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

/// The sums of four vectors.
__attribute__((target(CK_AVX2))) CK_INLINE __m128 ck_sums4(__m256 a, __m256 b, __m256 c, __m256 d) {
  __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
}

#endif
#endif
