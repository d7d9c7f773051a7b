// Rows of width d by their indices; a block a row.

template <class Source, class Target>
__device__ inline void copy_row(const Source *source, Target *target, int d) {
  for (int i = threadIdx.x; i < d; i += blockDim.x) target[i] = source[i];
}

extern "C" __global__ void gather_rows(const float *x, const int *rows, float *y, int d) {
  copy_row(x + (long long)rows[blockIdx.x] * d, y + (long long)blockIdx.x * d, d);
}

/// Of a table in bfloat16.
extern "C" __global__ void gather_narrow_rows(const bfloat16 *x, const int *rows, float *y, int d) {
  const bfloat16 *source = x + (long long)rows[blockIdx.x] * d;
  float *target = y + (long long)blockIdx.x * d;
  for (int i = threadIdx.x; i < d; i += blockDim.x) target[i] = widened(source[i]);
}

/// y[i] = the row of a table that ids[slots[i]] names.
template <class Number>
__device__ inline void gather_row_by_slot(const Number *table, const int *ids, const int *slots, float *y, int d) {
  const Number *source = table + (long long)ids[slots[blockIdx.x]] * d;
  float *target = y + (long long)blockIdx.x * d;
  for (int i = threadIdx.x; i < d; i += blockDim.x) target[i] = widened(source[i]);
}

extern "C" __global__ void gather_rows_by_slots(const float *table, const int *ids, const int *slots, float *y, int d) {
  gather_row_by_slot(table, ids, slots, y, d);
}

extern "C" __global__ void gather_rows_by_slots_narrow(
    const bfloat16 *table, const int *ids, const int *slots, float *y, int d) {
  gather_row_by_slot(table, ids, slots, y, d);
}

/// y[rows[i]] = x[i]; the rows differ.
extern "C" __global__ void scatter_rows(const float *x, const int *rows, float *y, int d) {
  copy_row(x + (long long)blockIdx.x * d, y + (long long)rows[blockIdx.x] * d, d);
}

extern "C" __global__ void scatter_rows_narrow(const float *x, const int *rows, bfloat16 *y, int d) {
  const float *source = x + (long long)blockIdx.x * d;
  bfloat16 *target = y + (long long)rows[blockIdx.x] * d;
  for (int i = threadIdx.x; i < d; i += blockDim.x) target[i] = narrowed(source[i]);
}

extern "C" __global__ void clear_rows(const int *rows, float *y, int d) {
  float *target = y + (long long)rows[blockIdx.x] * d;
  for (int i = threadIdx.x; i < d; i += blockDim.x) target[i] = 0;
}

/// y[targets[b]] += sum of x[sources[i]] for starts[b] <= i < starts[b + 1], in that order; the targets differ.
extern "C" __global__ void add_rows(
    const float *x, const int *targets, const int *starts, const int *sources, float *y, int d) {
  float *target = y + (long long)targets[blockIdx.x] * d;
  int first = starts[blockIdx.x], last = starts[blockIdx.x + 1];
  for (int i = threadIdx.x; i < d; i += blockDim.x) {
    float sum = target[i];
    for (int source = first; source < last; ++source) sum += x[(long long)sources[source] * d + i];
    target[i] = sum;
  }
}
