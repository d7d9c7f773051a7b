/// Layer normalisation, a row at a time.
#include "dispatch.h"

CK_CLONES void ck_layer_norm(
    const float *x, const float *weight, const float *bias, float epsilon, float *out, float *means,
    float *inverses, size_t rows, size_t d) {
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * d;
    float *restrict y = out + i * d;
    float sum = 0, squares = 0;
    {
#pragma clang fp reassociate(on)
      for (size_t j = 0; j < d; j++) sum += row[j];
    }
    float mean = sum / (float)d;
    {
#pragma clang fp reassociate(on)
      for (size_t j = 0; j < d; j++) squares += (row[j] - mean) * (row[j] - mean);
    }
    float inverse = 1.0f / sqrtf(squares / (float)d + epsilon);
    means[i] = mean;
    inverses[i] = inverse;
    for (size_t j = 0; j < d; j++) y[j] = (row[j] - mean) * inverse * weight[j] + bias[j];
  }
}

CK_CLONES void ck_layer_norm_backward_input(
    const float *x, const float *weight, const float *means, const float *inverses, const float *g, float *dx,
    size_t rows, size_t d) {
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * d, *gi = g + i * d;
    float *restrict out = dx + i * d;
    float mean = means[i], inverse = inverses[i], sum = 0, dot = 0;
    {
#pragma clang fp reassociate(on)
      for (size_t j = 0; j < d; j++) {
        sum += gi[j] * weight[j];
        dot += gi[j] * weight[j] * (row[j] - mean);
      }
    }
    float shift = sum / (float)d, slope = dot * inverse * inverse / (float)d;
    for (size_t j = 0; j < d; j++) out[j] = (gi[j] * weight[j] - shift - (row[j] - mean) * slope) * inverse;
  }
}

CK_CLONES void ck_layer_norm_backward_weight(
    const float *x, const float *means, const float *inverses, const float *g, float *dweight, size_t rows,
    size_t d) {
  for (size_t i = 0; i < rows; i++) {
    const float *row = x + i * d, *gi = g + i * d;
    float mean = means[i], inverse = inverses[i];
    for (size_t j = 0; j < d; j++) dweight[j] += gi[j] * (row[j] - mean) * inverse;
  }
}
