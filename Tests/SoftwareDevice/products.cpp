// cuBLASLt's functions: matrices by columns, in float or bfloat16, summed in float.
#include "capture.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

namespace {

enum { success = 0, invalid_value = 7, not_supported = 15 };
enum { real_float = 0, real_bfloat16 = 14, compute_float = 68 };

struct Product {
  int32_t transpose_a = 0, transpose_b = 0;
  /// 1: nothing but the product; 4: a bias is added to every column.
  int32_t epilogue = 1;
  uint64_t bias = 0;
};

struct Layout {
  int type;
  uint64_t rows, columns;
  int64_t stride;
};

void put(uint64_t matrix, const Layout &layout, uint64_t row, uint64_t column, float value) {
  uint64_t index = row + column * (uint64_t)layout.stride;
  if (layout.type == real_float) {
    ((float *)matrix)[index] = value;
    return;
  }
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  ((uint16_t *)matrix)[index] = (uint16_t)(is_nan ? bits >> 16 | 0x40u : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

float element(uint64_t matrix, const Layout &layout, uint64_t row, uint64_t column) {
  uint64_t index = row + column * (uint64_t)layout.stride;
  if (layout.type == real_float) return ((const float *)matrix)[index];
  uint32_t bits = (uint32_t)((const uint16_t *)matrix)[index] << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// Rows and columns of what is multiplied.
void extent(const Layout &layout, bool transposed, uint64_t &rows, uint64_t &columns) {
  rows = transposed ? layout.columns : layout.rows;
  columns = transposed ? layout.rows : layout.columns;
}

int check(const Product &product, const Layout &a, const Layout &b, const Layout &c, const Layout &d) {
  uint64_t m, k, other, n;
  extent(a, product.transpose_a, m, k);
  extent(b, product.transpose_b, other, n);
  if (k != other || d.rows != m || d.columns != n || memcmp(&c, &d, sizeof c) != 0) return invalid_value;
  if (a.type != b.type || (d.type != real_float && a.type != real_bfloat16)) return not_supported;
  if (product.epilogue != 1 && (product.epilogue != 4 || d.type != real_float || !product.bias)) return not_supported;
  for (const Layout *layout : {&a, &b, &c, &d})
    if ((uint64_t)layout->stride < layout->rows || layout->rows == 0 || layout->columns == 0) return invalid_value;
  return success;
}

void multiply(
    const Product &how, const Layout &first, const Layout &second, const Layout &result, float factor, float kept,
    uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  uint64_t m, n = result.columns, k;
  extent(first, how.transpose_a, m, k);
  // Both by rows first, so that the inner loop goes over neighbours.
  std::vector<float> left(m * k), right(k * n), sums(n);
  for (uint64_t row = 0; row < m; ++row)
    for (uint64_t i = 0; i < k; ++i) left[row * k + i] = how.transpose_a ? element(a, first, i, row) : element(a, first, row, i);
  for (uint64_t i = 0; i < k; ++i)
    for (uint64_t column = 0; column < n; ++column)
      right[i * n + column] = how.transpose_b ? element(b, second, column, i) : element(b, second, i, column);
  for (uint64_t row = 0; row < m; ++row) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (uint64_t i = 0; i < k; ++i)
      for (uint64_t column = 0; column < n; ++column) sums[column] += left[row * k + i] * right[i * n + column];
    for (uint64_t column = 0; column < n; ++column) {
      float value = factor * sums[column];
      if (kept != 0) value += kept * element(c, result, row, column);
      if (how.epilogue == 4) value += ((const float *)how.bias)[row];
      put(d, result, row, column, value);
    }
  }
}

}  // namespace

extern "C" {

int cublasLtCreate(void **handle) { return *handle = new char, success; }
int cublasLtDestroy(void *handle) { return delete (char *)handle, success; }
size_t cublasLtGetVersion(void) { return 120800; }

int cublasLtMatmulDescCreate(void **product, int compute_type, int scale_type) {
  if (compute_type != compute_float || scale_type != real_float) return not_supported;
  return *product = new Product, success;
}
int cublasLtMatmulDescDestroy(void *product) { return delete (Product *)product, success; }
int cublasLtMatmulDescSetAttribute(void *description, int attribute, const void *value, size_t bytes) {
  Product *product = (Product *)description;
  void *target = attribute == 3   ? (void *)&product->transpose_a
                 : attribute == 4 ? (void *)&product->transpose_b
                 : attribute == 7 ? (void *)&product->epilogue
                 : attribute == 8 ? (void *)&product->bias
                                  : nullptr;
  if (!target || bytes != (attribute == 8 ? sizeof(uint64_t) : sizeof(int32_t))) return invalid_value;
  return memcpy(target, value, bytes), success;
}

int cublasLtMatrixLayoutCreate(void **layout, int type, uint64_t rows, uint64_t columns, int64_t stride) {
  if (type != real_float && type != real_bfloat16) return not_supported;
  return *layout = new Layout{type, rows, columns, stride}, success;
}
int cublasLtMatrixLayoutDestroy(void *layout) { return delete (Layout *)layout, success; }

int cublasLtMatmulPreferenceCreate(void **preference) { return *preference = new char, success; }
int cublasLtMatmulPreferenceDestroy(void *preference) { return delete (char *)preference, success; }
int cublasLtMatmulPreferenceSetAttribute(void *, int attribute, const void *, size_t bytes) {
  bool workspace = attribute == 1 && bytes == sizeof(uint64_t);
  bool alignment = attribute >= 5 && attribute <= 8 && bytes == sizeof(uint32_t);
  return workspace || alignment ? success : invalid_value;
}

/// The form of what the function returns, see NVIDIA's cublasLtMatmulHeuristicResult_t.
struct Heuristic {
  uint64_t algorithm[8];
  size_t workspace_bytes;
  int state;
  float waves;
  int reserved[4];
};

int cublasLtMatmulAlgoGetHeuristic(
    void *, void *product, void *a, void *b, void *c, void *d, void *, int, Heuristic *results, int *found) {
  *found = 0;
  Product described = *(Product *)product;
  // The bias is told before the product is computed.
  if (described.epilogue == 4) described.bias = 1;
  int problem = check(described, *(Layout *)a, *(Layout *)b, *(Layout *)c, *(Layout *)d);
  if (problem != success) return problem;
  results[0] = Heuristic{{1}, 0, success, 1, {}};
  return *found = 1, success;
}

int cublasLtMatmul(
    void *, void *product, const void *alpha, uint64_t a, void *a_layout, uint64_t b, void *b_layout, const void *beta,
    uint64_t c, void *c_layout, uint64_t d, void *d_layout, const uint64_t *algorithm, uint64_t, size_t, void *stream) {
  Product how = *(Product *)product;
  Layout first = *(Layout *)a_layout, second = *(Layout *)b_layout, result = *(Layout *)d_layout;
  int problem = check(how, first, second, *(Layout *)c_layout, result);
  if (problem != success || algorithm[0] != 1) return problem ? problem : invalid_value;
  float factor = *(const float *)alpha, kept = *(const float *)beta;
  return do_or_record(stream, [=] { return multiply(how, first, second, result, factor, kept, a, b, c, d), success; });
}

}  // extern "C"
