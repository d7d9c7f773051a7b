// Rotary positions in the rotate-half form: with the halves of a head as 1 and 2,
// y1 = x1 cos1 - x2 sin1 and y2 = x2 cos2 + x1 sin2. Cosines and sines are [rows, width]. One thread a pair, or four.

/// The pair (row, head, column) of a thread's index.
struct RotaryPair {
  long long row;
  int head, column;
  __device__ RotaryPair(long long index, int heads, int half) {
    unsigned pairs = (unsigned)(heads * half);
    row = quotient(index, pairs);
    unsigned rest = (unsigned)(index - row * pairs);
    head = (int)(rest / (unsigned)half);
    column = (int)(rest % (unsigned)half);
  }
};

/// cosines and sines [rows, 2 half] of position times frequency, the second half like the first; the positions of a
/// frequency are those of its kind, [kinds, rows].
extern "C" __global__ void rotary_angles(
    const int *positions, const int *kinds, const float *frequencies, float *cosines, float *sines, long long rows, int half) {
  FOR_EACH(i, rows * half) {
    long long row = quotient(i, (unsigned)half);
    int frequency = (int)(i - row * half);
    float angle = (float)positions[kinds[frequency] * rows + row] * frequencies[frequency];
    long long first = row * 2 * half + frequency;
    cosines[first] = cosines[first + half] = cosf(angle);
    sines[first] = sines[first + half] = sinf(angle);
  }
}

extern "C" __global__ void rotary(
    const float *x, const float *cosines, const float *sines, float *y, long long rows, int heads, int width) {
  int half = width / 2;
  FOR_EACH(i, rows * heads * half) {
    RotaryPair pair(i, heads, half);
    long long first = (pair.row * heads + pair.head) * width + pair.column, second = first + half;
    long long angle = pair.row * width + pair.column;
    float x1 = x[first], x2 = x[second];
    y[first] = x1 * cosines[angle] - x2 * sines[angle];
    y[second] = x2 * cosines[angle + half] + x1 * sines[angle + half];
  }
}

/// The rows of dx are `stride` apart.
template <class Number>
__device__ inline void rotary_backward_rows(
    const Number *g, const float *cosines, const float *sines, Number *dx, long long rows, int heads, int width, int stride) {
  int half = width / 2;
  FOR_EACH(i, rows * heads * half) {
    RotaryPair pair(i, heads, half);
    long long first = (pair.row * heads + pair.head) * width + pair.column;
    long long target = pair.row * stride + pair.head * width + pair.column;
    long long angle = pair.row * width + pair.column;
    float g1 = widened(g[first]), g2 = widened(g[first + half]);
    put(dx + target, g1 * cosines[angle] + g2 * sines[angle + half]);
    put(dx + target + half, g2 * cosines[angle + half] - g1 * sines[angle]);
  }
}

extern "C" __global__ void rotary_backward(
    const float *g, const float *cosines, const float *sines, float *dx, long long rows, int heads, int width, int stride) {
  rotary_backward_rows(g, cosines, sines, dx, rows, heads, width, stride);
}

extern "C" __global__ void rotary_backward_narrow(
    const bfloat16 *g, const float *cosines, const float *sines, bfloat16 *dx, long long rows, int heads, int width,
    int stride) {
  rotary_backward_rows(g, cosines, sines, dx, rows, heads, width, stride);
}
