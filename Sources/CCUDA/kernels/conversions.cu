// Between float and bfloat16.

template <class Source, class Target>
__device__ inline void convert(const Source *x, Target *y, long long count) {
  if (has_fours(x, 4) && has_fours(y, 4)) {
    long long fours = count / 4;
    FOR_EACH(i, fours) Four::at(x + 4 * i).put_to(y + 4 * i);
    long long last = 4 * fours + first_index();
    if (last < count) put(y + last, widened(x[last]));
    return;
  }
  FOR_EACH(i, count) put(y + i, widened(x[i]));
}

extern "C" __global__ void narrow(const float *x, bfloat16 *y, long long count) { convert(x, y, count); }

extern "C" __global__ void widen(const bfloat16 *x, float *y, long long count) { convert(x, y, count); }

/// Every element becomes the nearest number that bfloat16 holds.
extern "C" __global__ void round_to_bfloat16(float *x, long long count) {
  FOR_EACH(i, count) x[i] = widened(narrowed(x[i]));
}
