/// Products with a handful of rows: one pass over b, no packing.
#include "avx512.h"
#include "thin.h"

// MARK: Portable

/// Four dot products that share the loads of b.
CK_INLINE void dot4(const float *a, size_t lda, const float *restrict b, size_t k, float *out) {
#pragma clang fp reassociate(on)
  const float *restrict a0 = a, *restrict a1 = a + lda;
  const float *restrict a2 = a + 2 * lda, *restrict a3 = a + 3 * lda;
  float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (size_t l = 0; l < k; l++) {
    s0 += a0[l] * b[l];
    s1 += a1[l] * b[l];
    s2 += a2[l] * b[l];
    s3 += a3[l] * b[l];
  }
  out[0] = s0;
  out[1] = s1;
  out[2] = s2;
  out[3] = s3;
}

CK_CLONES void ck_thin_product_transposed_portable(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta) {
  for (size_t j = 0; j < n; j++) {
    const float *row = b + j * ldb;
    for (size_t i = 0; i < m;) {
      float dots[4];
      size_t count = 1;
      if (i + 4 <= m) {
        dot4(a + i * lda, lda, row, k, dots);
        count = 4;
      } else {
        dots[0] = ck_dot1(a + i * lda, row, k);
      }
      for (size_t t = 0; t < count; t++, i++) {
        float *out = c + i * ldc + j;
        // beta == 0 must not read c, which may be uninitialised.
        *out = beta == 0.0f ? alpha * dots[t] : alpha * dots[t] + beta * *out;
      }
    }
  }
}

CK_CLONES void ck_thin_product_portable(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta) {
  for (size_t i = 0; i < m; i++) {
    float *restrict out = c + i * ldc;
    if (beta == 0.0f)
      memset(out, 0, n * sizeof(float));
    else if (beta != 1.0f)
      for (size_t j = 0; j < n; j++) out[j] *= beta;
  }
  size_t l = 0;
  for (; l + 4 <= k; l += 4) {  // four rows of b for one pass over c
    const float *restrict b0 = b + l * ldb, *restrict b1 = b0 + ldb, *restrict b2 = b1 + ldb,
                *restrict b3 = b2 + ldb;
    for (size_t i = 0; i < m; i++) {
      float *restrict out = c + i * ldc;
      const float *f = a + i * lda + l;
      float f0 = alpha * f[0], f1 = alpha * f[1], f2 = alpha * f[2], f3 = alpha * f[3];
      for (size_t j = 0; j < n; j++) out[j] += f0 * b0[j] + f1 * b1[j] + f2 * b2[j] + f3 * b3[j];
    }
  }
  for (; l < k; l++) {
    const float *restrict row = b + l * ldb;
    for (size_t i = 0; i < m; i++) {
      float *restrict out = c + i * ldc;
      float factor = alpha * a[i * lda + l];
      for (size_t j = 0; j < n; j++) out[j] += factor * row[j];
    }
  }
}

// MARK: The processor's best

void ck_thin_product_transposed(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta) {
#if defined(__x86_64__)
  if (ck_has_avx512()) {
    ck_thin_product_transposed_avx512(a, lda, b, ldb, c, ldc, m, n, k, alpha, beta);
    return;
  }
#endif
  ck_thin_product_transposed_portable(a, lda, b, ldb, c, ldc, m, n, k, alpha, beta);
}

void ck_thin_product(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta) {
#if defined(__x86_64__)
  if (ck_has_avx512()) {
    ck_thin_product_avx512(a, lda, b, ldb, c, ldc, m, n, k, alpha, beta);
    return;
  }
#endif
  ck_thin_product_portable(a, lda, b, ldb, c, ldc, m, n, k, alpha, beta);
}
