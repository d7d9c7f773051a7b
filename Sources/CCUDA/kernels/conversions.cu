// Between float and bfloat16.

extern "C" __global__ void narrow(const float *x, bfloat16 *y, long long count) {
  FOR_EACH(i, count) y[i] = narrowed(x[i]);
}

extern "C" __global__ void widen(const bfloat16 *x, float *y, long long count) {
  FOR_EACH(i, count) y[i] = widened(x[i]);
}

/// Every element becomes the nearest number that bfloat16 holds.
extern "C" __global__ void round_to_bfloat16(float *x, long long count) {
  FOR_EACH(i, count) x[i] = widened(narrowed(x[i]));
}
