// One result per position. Results may be the inputs' own memory.

/// Not unrolled: a chip's cache for instructions is small, and what a step of generation launches should stay there.
#define FOR_EACH(i, count) \
  _Pragma("unroll 1") for (long long i = first_index(); i < count; i += index_stride())

extern "C" __global__ void add(const float *a, const float *b, float *y, long long count) {
  FOR_EACH(i, count) y[i] = a[i] + b[i];
}

extern "C" __global__ void subtract(const float *a, const float *b, float *y, long long count) {
  FOR_EACH(i, count) y[i] = a[i] - b[i];
}

extern "C" __global__ void multiply(const float *a, const float *b, float *y, long long count) {
  FOR_EACH(i, count) y[i] = a[i] * b[i];
}

/// NaN in either input gives NaN.
extern "C" __global__ void minimum(const float *a, const float *b, float *y, long long count) {
  FOR_EACH(i, count) {
    float least = b[i] < a[i] ? b[i] : a[i];
    y[i] = b[i] != b[i] ? b[i] : least;
  }
}

/// Where both are equal the gradient goes to a. Either result may be absent.
extern "C" __global__ void minimum_backward(
    const float *a, const float *b, const float *g, float *da, float *db, long long count) {
  FOR_EACH(i, count) {
    float slope = g[i];
    bool second = b[i] < a[i];
    if (da) da[i] = second ? 0.0f : slope;
    if (db) db[i] = second ? slope : 0.0f;
  }
}

extern "C" __global__ void scale(const float *x, float *y, long long count, float factor) {
  FOR_EACH(i, count) y[i] = x[i] * factor;
}

extern "C" __global__ void add_scaled(const float *x, float *y, long long count, float factor) {
  FOR_EACH(i, count) y[i] += factor * x[i];
}

extern "C" __global__ void fill(float *y, long long count, float value) {
  FOR_EACH(i, count) y[i] = value;
}

extern "C" __global__ void add_constant(float *y, long long count, float value) {
  FOR_EACH(i, count) y[i] += value;
}

extern "C" __global__ void exponential(const float *x, float *y, long long count) {
  FOR_EACH(i, count) y[i] = expf(x[i]);
}

extern "C" __global__ void clamp(const float *x, float *y, long long count, float lower, float upper) {
  FOR_EACH(i, count) {
    float limited = x[i] < lower ? lower : x[i];
    y[i] = limited > upper ? upper : limited;
  }
}

extern "C" __global__ void clamp_backward(
    const float *x, const float *g, float *dx, long long count, float lower, float upper) {
  FOR_EACH(i, count) dx[i] = x[i] < lower || x[i] > upper ? 0.0f : g[i];
}
