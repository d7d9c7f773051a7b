/// Sums over many elements: float lanes within a block, double over the blocks, always in the same order.
#include "dispatch.h"

enum { BLOCK = 4096 };

CK_CLONES double ck_sum(const float *x, size_t n) {
  double total = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
    size_t count = n - start < BLOCK ? n - start : BLOCK;
    float s = 0;
    {
#pragma clang fp reassociate(on)
      for (size_t i = 0; i < count; i++) s += x[start + i];
    }
    total += s;
  }
  return total;
}

CK_CLONES double ck_dot(const float *a, const float *b, size_t n) {
  double total = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
    size_t count = n - start < BLOCK ? n - start : BLOCK;
    total += ck_dot1(a + start, b + start, count);
  }
  return total;
}

CK_CLONES double ck_squared_norm(const float *x, size_t n) {
  double total = 0;
  for (size_t start = 0; start < n; start += BLOCK) {
    size_t count = n - start < BLOCK ? n - start : BLOCK;
    total += ck_dot1(x + start, x + start, count);
  }
  return total;
}

CK_CLONES void ck_add_column_sums(
    const float *x, size_t rows, size_t columns, size_t stride, float *out) {
  for (size_t i = 0; i < rows; i++) {
    const float *restrict row = x + i * stride;
    for (size_t j = 0; j < columns; j++) out[j] += row[j];
  }
}

CK_CLONES bool ck_all_finite(const float *x, size_t n) {
  // x * 0 is 0 for finite x and NaN otherwise.
  float s = 0;
  {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < n; i++) s += x[i] * 0.0f;
  }
  return s == 0.0f;
}
