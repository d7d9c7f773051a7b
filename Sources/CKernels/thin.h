/// Private: the kernels behind the thin products.
#ifndef CK_THIN_H
#define CK_THIN_H

#include "dispatch.h"

#if defined(__x86_64__)

void ck_thin_product_transposed_avx512(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta);
void ck_thin_product_avx512(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta);

#endif
#endif
