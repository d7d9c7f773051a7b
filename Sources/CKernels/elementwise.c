/// One output per input position. Outputs may be the inputs' own memory.
#include "dispatch.h"

CK_CLONES void ck_add(const float *a, const float *b, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}

CK_CLONES void ck_subtract(const float *a, const float *b, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] - b[i];
}

CK_CLONES void ck_multiply(const float *a, const float *b, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = a[i] * b[i];
}

/// NaN in either input gives NaN.
CK_CLONES void ck_minimum(const float *a, const float *b, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float least = b[i] < a[i] ? b[i] : a[i];
    out[i] = b[i] != b[i] ? b[i] : least;
  }
}

CK_CLONES void ck_minimum_backward(
    const float *a, const float *b, const float *g, float *da, float *db, size_t n) {
  if (da)
    for (size_t i = 0; i < n; i++) da[i] = b[i] < a[i] ? 0.0f : g[i];
  if (db)
    for (size_t i = 0; i < n; i++) db[i] = b[i] < a[i] ? g[i] : 0.0f;
}

CK_CLONES void ck_clamp(const float *x, float lower, float upper, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float y = x[i] < lower ? lower : x[i];
    out[i] = y > upper ? upper : y;
  }
}

CK_CLONES void ck_clamp_backward(
    const float *x, float lower, float upper, const float *g, float *dx, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float d = x[i] < lower ? 0.0f : g[i];
    dx[i] = x[i] > upper ? 0.0f : d;
  }
}

CK_CLONES void ck_scale(const float *x, float factor, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = x[i] * factor;
}

CK_CLONES void ck_axpy(float factor, const float *x, float *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

CK_CLONES void ck_fill(float value, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = value;
}

CK_CLONES void ck_exp(const float *x, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = ck_exp1(x[i]);
}

CK_CLONES void ck_silu(const float *x, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = x[i] * ck_sigmoid1(x[i]);
}

CK_CLONES void ck_silu_backward(const float *x, const float *g, float *dx, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float s = ck_sigmoid1(x[i]);
    dx[i] = g[i] * s * (1.0f + x[i] * (1.0f - s));
  }
}

void ck_gelu(const float *x, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678118654752f));
}

void ck_gelu_backward(const float *x, const float *g, float *dx, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float cumulative = 0.5f * (1.0f + erff(x[i] * 0.70710678118654752f));
    float density = 0.39894228040143268f * ck_exp1(-0.5f * x[i] * x[i]);
    dx[i] = g[i] * (cumulative + x[i] * density);
  }
}

CK_CLONES void ck_swiglu(const float *gate, const float *up, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = gate[i] * ck_sigmoid1(gate[i]) * up[i];
}

CK_CLONES void ck_swiglu_backward(
    const float *gate, const float *up, const float *g, float *dgate, float *dup, size_t n) {
  if (dgate)
    for (size_t i = 0; i < n; i++) {
      float s = ck_sigmoid1(gate[i]);
      dgate[i] = g[i] * up[i] * s * (1.0f + gate[i] * (1.0f - s));
    }
  if (dup)
    for (size_t i = 0; i < n; i++) dup[i] = g[i] * gate[i] * ck_sigmoid1(gate[i]);
}
