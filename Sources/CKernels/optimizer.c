/// The optimizer's update in one pass over its four arrays.
#include "dispatch.h"

CK_CLONES void ck_adamw(
    float *p, const float *gradient, float *m, float *v, size_t n, float gradient_scale, float beta1,
    float beta2, float epsilon, float decay, float rate, float inverse_root_correction) {
  for (size_t i = 0; i < n; i++) {
    float g = gradient[i] * gradient_scale;
    float first = beta1 * m[i] + (1.0f - beta1) * g;
    float second = beta2 * v[i] + (1.0f - beta2) * g * g;
    m[i] = first;
    v[i] = second;
    p[i] = decay * p[i] - rate * first / (sqrtf(second) * inverse_root_correction + epsilon);
  }
}
