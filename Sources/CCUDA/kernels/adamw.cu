/// AdamW with decoupled weight decay, in one pass over parameter, gradient and both moments.
extern "C" __global__ void adamw(
    float *parameter, const float *gradient, float *first, float *second, long long count, float gradient_scale,
    float beta1, float beta2, float epsilon, float decay, float rate, float inverse_root) {
  FOR_EACH(i, count) {
    float g = gradient[i] * gradient_scale;
    float m = beta1 * first[i] + (1.0f - beta1) * g;
    float v = beta2 * second[i] + (1.0f - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    parameter[i] = decay * parameter[i] - rate * m / (sqrtf(v) * inverse_root + epsilon);
  }
}
