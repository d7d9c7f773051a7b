/// Products with a handful of rows: one pass over b, no packing.
#include "dispatch.h"

CK_CLONES void ck_thin_product_transposed(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta) {
  for (size_t j = 0; j < n; j++) {
    const float *row = b + j * ldb;
    for (size_t i = 0; i < m; i++) {
      float value = alpha * ck_dot1(a + i * lda, row, k);
      // beta == 0 must not read c, which may be uninitialised.
      c[i * ldc + j] = beta == 0.0f ? value : value + beta * c[i * ldc + j];
    }
  }
}

CK_CLONES void ck_thin_product(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta) {
  for (size_t i = 0; i < m; i++) {
    float *restrict out = c + i * ldc;
    if (beta == 0.0f)
      memset(out, 0, n * sizeof(float));
    else if (beta != 1.0f)
      for (size_t j = 0; j < n; j++) out[j] *= beta;
  }
  for (size_t l = 0; l < k; l++) {
    const float *restrict row = b + l * ldb;
    for (size_t i = 0; i < m; i++) {
      float *restrict out = c + i * ldc;
      float factor = alpha * a[i * lda + l];
      for (size_t j = 0; j < n; j++) out[j] += factor * row[j];
    }
  }
}
