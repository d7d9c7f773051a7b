/// Kernels that see a whole row at a time.
#include "dispatch.h"

CK_CLONES void ck_rms_norm(
    const float *x, const float *weight, float epsilon, float *out, float *inverse, size_t rows, size_t d) {
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * d;
    float *restrict y = out + i * d;
    float r = 1.0f / sqrtf(ck_dot1(row, row, d) / (float)d + epsilon);
    inverse[i] = r;
    for (size_t j = 0; j < d; j++) y[j] = row[j] * r * weight[j];
  }
}

CK_CLONES void ck_rms_norm_backward_input(
    const float *x, const float *weight, const float *inverse, const float *g, float *dx, size_t rows,
    size_t d) {
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * d, *gi = g + i * d;
    float *restrict out = dx + i * d;
    float r = inverse[i], dot = 0;
    {
#pragma clang fp reassociate(on)
      for (size_t j = 0; j < d; j++) dot += gi[j] * weight[j] * row[j];
    }
    float k = dot * r * r * r / (float)d;
    for (size_t j = 0; j < d; j++) out[j] = gi[j] * weight[j] * r - row[j] * k;
  }
}

CK_CLONES void ck_rms_norm_backward_weight(
    const float *x, const float *inverse, const float *g, float *dweight, size_t rows, size_t d) {
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * d, *gi = g + i * d;
    float r = inverse[i];
    for (size_t j = 0; j < d; j++) dweight[j] += gi[j] * row[j] * r;
  }
}

CK_CLONES void ck_rotary(
    const float *x, const float *cosines, const float *sines, float *out, size_t rows, size_t heads,
    size_t head_dim) {
  size_t half = head_dim / 2;
  for (size_t i = 0; i < rows; i++) {
    const float *c1 = cosines + i * head_dim, *c2 = c1 + half;
    const float *s1 = sines + i * head_dim, *s2 = s1 + half;
    for (size_t h = 0; h < heads; h++) {
      const float *x1 = x + (i * heads + h) * head_dim, *x2 = x1 + half;
      float *restrict y1 = out + (i * heads + h) * head_dim, *restrict y2 = y1 + half;
      for (size_t j = 0; j < half; j++) {
        y1[j] = x1[j] * c1[j] - x2[j] * s1[j];
        y2[j] = x2[j] * c2[j] + x1[j] * s2[j];
      }
    }
  }
}

CK_CLONES void ck_rotary_backward(
    const float *g, const float *cosines, const float *sines, float *dx, size_t rows, size_t heads,
    size_t head_dim) {
  size_t half = head_dim / 2;
  for (size_t i = 0; i < rows; i++) {
    const float *c1 = cosines + i * head_dim, *c2 = c1 + half;
    const float *s1 = sines + i * head_dim, *s2 = s1 + half;
    for (size_t h = 0; h < heads; h++) {
      const float *g1 = g + (i * heads + h) * head_dim, *g2 = g1 + half;
      float *restrict d1 = dx + (i * heads + h) * head_dim, *restrict d2 = d1 + half;
      for (size_t j = 0; j < half; j++) {
        d1[j] = g1[j] * c1[j] + g2[j] * s2[j];
        d2[j] = g2[j] * c2[j] - g1[j] * s1[j];
      }
    }
  }
}

CK_CLONES void ck_softmax_rows(float *x, size_t rows, size_t width, size_t stride, float *log_sums) {
  for (size_t i = 0; i < rows; i++) {
    float *row = x + i * stride;
    float top = ck_max1(row, width), sum = 0;
    {
#pragma clang fp reassociate(on)
      for (size_t j = 0; j < width; j++) {
        float e = ck_exp1(row[j] - top);
        row[j] = e;
        sum += e;
      }
    }
    float inverse = 1.0f / sum;
    for (size_t j = 0; j < width; j++) row[j] *= inverse;
    log_sums[i] = top + logf(sum);
  }
}

CK_CLONES void ck_exp_rows(float *x, size_t rows, size_t width, size_t stride, const float *log_sums) {
  for (size_t i = 0; i < rows; i++) {
    float *row = x + i * stride;
    float shift = log_sums[i];
    for (size_t j = 0; j < width; j++) row[j] = ck_exp1(row[j] - shift);
  }
}

CK_CLONES void ck_softmax_backward_rows(
    const float *p, float *ds, size_t rows, size_t width, size_t stride, const float *dots) {
  for (size_t i = 0; i < rows; i++) {
    const float *restrict pi = p + i * stride;
    float *restrict di = ds + i * stride;
    float dot = dots[i];
    for (size_t j = 0; j < width; j++) di[j] = pi[j] * (di[j] - dot);
  }
}

CK_CLONES size_t ck_largest(const float *x, size_t n) {
  float top = ck_max1(x, n);
  for (size_t i = 0; i < n; i++)
    if (x[i] == top) return i;
  return 0;
}

/// A vocabulary has more terms than a float's sum should have.
CK_INLINE double sum_exp(const float *x, float shift, float factor, float *out, size_t n) {
  double sum = 0;
  for (size_t start = 0; start < n; start += 4096) {
    size_t end = start + 4096 < n ? start + 4096 : n;
    float s = 0;
    {
#pragma clang fp reassociate(on)
      if (out)
        for (size_t j = start; j < end; j++) s += out[j] = ck_exp1((x[j] - shift) * factor);
      else
        for (size_t j = start; j < end; j++) s += ck_exp1((x[j] - shift) * factor);
    }
    sum += s;
  }
  return sum;
}

CK_CLONES double ck_sum_exp(const float *x, float shift, float factor, float *out, size_t n) {
  return sum_exp(x, shift, factor, out, n);
}

CK_CLONES void ck_log_sum_exp_rows(const float *x, size_t rows, size_t width, float *log_sums) {
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * width;
    float top = ck_max1(row, width);
    log_sums[i] = top + (float)log(sum_exp(row, top, 1.0f, NULL, width));
  }
}

CK_CLONES void ck_log_softmax_backward(
    const float *x, const float *log_sums, const int32_t *targets, const float *g, float *out, size_t rows,
    size_t width) {
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * width;
    float *di = out + i * width;
    float shift = log_sums[i], gi = g[i];
    for (size_t j = 0; j < width; j++) di[j] = -gi * ck_exp1(row[j] - shift);
    di[targets[i]] += gi;
  }
}
