// Rotary positions in the rotate-half form: with the halves of a head as 1 and 2,
// y1 = x1 cos1 - x2 sin1 and y2 = x2 cos2 + x1 sin2. Cosines and sines are [rows, width], x is [rows, heads * width].
// One thread a pair.

extern "C" __global__ void rotary(
    const float *x, const float *cosines, const float *sines, float *y, long long pairs, int heads, int width) {
  int half = width / 2;
  FOR_EACH(i, pairs) {
    long long head = i / half, row = head / heads;
    int column = (int)(i % half);
    long long first = head * width + column, second = first + half;
    long long angle = row * width + column;
    float x1 = x[first], x2 = x[second];
    y[first] = x1 * cosines[angle] - x2 * sines[angle];
    y[second] = x2 * cosines[angle + half] + x1 * sines[angle + half];
  }
}

extern "C" __global__ void rotary_backward(
    const float *g, const float *cosines, const float *sines, float *dx, long long pairs, int heads, int width) {
  int half = width / 2;
  FOR_EACH(i, pairs) {
    long long head = i / half, row = head / heads;
    int column = (int)(i % half);
    long long first = head * width + column, second = first + half;
    long long angle = row * width + column;
    float g1 = g[first], g2 = g[second];
    dx[first] = g1 * cosines[angle] + g2 * sines[angle + half];
    dx[second] = g2 * cosines[angle + half] - g1 * sines[angle];
  }
}
