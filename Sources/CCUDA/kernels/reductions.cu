// Sums of all elements in double precision: every block leaves its part, one block adds them up in order.

template <class Value>
__device__ inline void leave_part(long long count, double *parts, Value value) {
  double sum = 0;
  FOR_EACH(i, count) sum += (double)value(i);
  sum = block_sum(sum);
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

extern "C" __global__ void sum_parts(const float *x, double *parts, long long count) {
  leave_part(count, parts, [=](long long i) { return x[i]; });
}

extern "C" __global__ void square_parts(const float *x, double *parts, long long count) {
  leave_part(count, parts, [=](long long i) { return (double)x[i] * x[i]; });
}

/// One block. The first part becomes the sum of all.
extern "C" __global__ void add_parts(double *parts, int count) {
  double sum = 0;
  for (int i = threadIdx.x; i < count; i += blockDim.x) sum += parts[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) parts[0] = sum;
}

/// `found` becomes 1 if an element is infinite or not a number.
extern "C" __global__ void find_not_finite(const float *x, int *found, long long count) {
  bool bad = false;
  FOR_EACH(i, count) bad = bad || !is_finite(x[i]);
  if (bad) *found = 1;
}
