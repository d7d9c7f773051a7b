/// Private: what the kernels for AVX-512 share.
#ifndef CK_AVX512_H
#define CK_AVX512_H

#include "dispatch.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define CK_AVX512 "avx512f,avx512bw,avx512vl,avx512dq"

CK_INLINE bool ck_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
      && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

/// Fetches the first lines of the pages that begin within `bytes` of `start`. By itself the processor fetches what
/// lies ahead of a read, but not beyond the end of the page.
CK_INLINE void ck_fetch_page_heads(const void *start, size_t bytes) {
  const size_t page = 4096, lines = 4;
  uintptr_t first = ((uintptr_t)start + page - 1) / page * page;
  for (uintptr_t head = first; head < (uintptr_t)start + bytes; head += page)
    for (size_t line = 0; line < lines; line++) _mm_prefetch((const char *)head + 64 * line, _MM_HINT_T0);
}

/// 16 vectors of 16 lanes, transposed in place.
__attribute__((target(CK_AVX512))) CK_INLINE void ck_transpose16(__m512i v[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xDD);
    t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xDD);
  }
  for (int i = 0; i < 4; i++) {
    v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    v[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xDD);
    v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xDD);
  }
}

/// Sums of pairs of lanes, of two quarters or of quarters, so that a's and b's together fill a vector.
__attribute__((target(CK_AVX512))) CK_INLINE __m512 ck_fold1(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
}
__attribute__((target(CK_AVX512))) CK_INLINE __m512 ck_fold2(__m512 a, __m512 b) {
  __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
  return _mm512_add_ps(
      _mm512_castpd_ps(_mm512_unpacklo_pd(x, y)), _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
}

__attribute__((target(CK_AVX512))) CK_INLINE __m512 ck_fold4(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
}

/// Lane i of the result is the sum of the lanes of v[i].
__attribute__((target(CK_AVX512))) CK_INLINE __m512 ck_sums16(const __m512 v[16]) {
  __m512 quarters[4];
  for (int i = 0; i < 4; i++)  // in each quarter of the vector: sums of its four lanes for v[4 i ... 4 i + 3]
    quarters[i] =
        ck_fold2(ck_fold1(v[4 * i], v[4 * i + 1]), ck_fold1(v[4 * i + 2], v[4 * i + 3]));
  __m512 a = ck_fold4(quarters[0], quarters[1]), b = ck_fold4(quarters[2], quarters[3]);
  return ck_fold4(a, b);
}

#endif
#endif
