// Draws tokens from rows of logits; a block of 32 warps a token. Every warp has a slice of the vocabulary, so that
// running sums go in the order of the tokens.

/// What is known of a token that was drawn.
struct TokenDraw {
  double token;
  double logit;
  /// Under the distribution it was drawn from; 0 for the likeliest.
  double drawn_log_probability;
  /// log sum exp of all logits; not a number when one of them is none.
  double log_sum;
};

/// The sum over the lanes up to this one.
__device__ inline double warp_running_sum(double value) {
  int lane = threadIdx.x % 32;
  for (int distance = 1; distance < 32; distance *= 2) {
    double before = __shfl_up_sync(0xffffffffu, value, distance);
    if (lane >= distance) value += before;
  }
  return value;
}

/// body(index, value) for this lane's part of a slice of a row, in the order of the indices; several values are on their
/// way at a time.
template <class Body>
__device__ inline void for_lane(const float *row, int first, int last, Body body) {
  enum { ahead = 4 };
  int i = first + (int)threadIdx.x % 32;
#pragma unroll 1
  for (; i + 32 * (ahead - 1) < last; i += 32 * ahead) {
    float values[ahead];
#pragma unroll
    for (int j = 0; j < ahead; ++j) values[j] = row[i + 32 * j];
#pragma unroll
    for (int j = 0; j < ahead; ++j) body(i + 32 * j, values[j]);
  }
#pragma unroll 1
  for (; i < last; i += 32) body(i, row[i]);
}

/// Parts of a warp's slice whose sums are kept, so that the token is looked for in one of them only.
enum { slice_parts = 32 };

/// The place of the first number of the warp's, lane after lane, at which the running sum behind `before` exceeds the
/// level, or the last place; `before` becomes the running sum up to that place.
__device__ inline int first_above(double value, int places, double level, double &before) {
  int lane = threadIdx.x % 32;
  double sum = warp_running_sum(lane < places ? value : 0.0);
  int found = warp_smallest(lane < places && before + sum > level ? lane : places - 1);
  double earlier = __shfl_up_sync(0xffffffffu, sum, 1);
  before += __shfl_sync(0xffffffffu, lane == 0 ? 0.0 : earlier, found);
  return found;
}

/// The first token at which the running sum of exp((logit - largest) * scale) exceeds uniform times their sum; with a
/// scale of 0 the first of the likeliest. `rows` says which row each draw is from, `slots` where its token goes among the
/// ids, which may be absent.
extern "C" __global__ void __launch_bounds__(1024) draw_tokens(
    const float *logits, const int *rows, const double *uniforms, TokenDraw *draws, int *ids, const int *slots, int width,
    float scale) {
  follow_previous();
  __shared__ double parts[32][slice_parts];
  __shared__ double slices[32];
  __shared__ int picked;
  const float *row = logits + (long long)rows[blockIdx.x] * width;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  int slice = (width + 31) / 32, first = min(width, warp * slice), last = min(width, first + slice);
  // Whole turns of a warp, so that sums go in the order of the tokens.
  int part_width = (slice + slice_parts * 32 - 1) / (slice_parts * 32) * 32;

  float largest = -infinity();
  for_lane(row, first, last, [&](int, float value) { largest = fmaxf(largest, value); });
  largest = block_largest(largest);
  int likeliest = width;
  double all = 0, whole = 0, total = 0;
#pragma unroll 1
  for (int part = 0; part < slice_parts; ++part) {
    int start = min(last, first + part * part_width), end = min(last, start + part_width);
    double sum = 0;
    for_lane(row, start, end, [&](int i, float value) {
      float weight = expf(value - largest);
      all += (double)weight;
      sum += (double)(scale == 1 ? weight : expf((value - largest) * scale));
      if (value == largest) likeliest = min(likeliest, i);
    });
    sum = warp_sum(sum);
    if (lane == 0) parts[warp][part] = sum;
    whole += sum;
  }
  if (lane == 0) slices[warp] = whole;
  if (scale == 0) {
    likeliest = block_smallest(likeliest);
    if (threadIdx.x == 0) picked = likeliest;
  }
  all = block_sum(all);
  if (scale != 0) {
    total = warp_running_sum(slices[lane]);
    total = __shfl_sync(0xffffffffu, total, 31);
    double level = uniforms[blockIdx.x] * total, before = 0;
    if (warp == first_above(slices[lane], 32, level, before)) {
      int part = first_above(parts[warp][lane], slice_parts, level, before);
      int start = min(last, first + part * part_width), end = min(last, start + part_width);
      if (lane == 0) picked = end - 1;
      // All lanes go round equally often.
#pragma unroll 1
      for (; start < end; start += 32) {
        int i = start + lane;
        double sum = warp_running_sum(i < end ? (double)expf((row[i] - largest) * scale) : 0.0);
        int found = warp_smallest(i < end && before + sum > level ? i : width);
        if (found < width) {
          if (lane == 0) picked = found;
          break;
        }
        before += __shfl_sync(0xffffffffu, sum, 31);
      }
    }
    __syncthreads();
  }
  if (threadIdx.x != 0) return;
  TokenDraw draw;
  int token = min(max(picked, 0), width - 1);
  draw.token = token;
  draw.logit = row[token];
  draw.drawn_log_probability = scale == 0 ? 0.0 : log((double)expf((row[token] - largest) * scale) / total);
  draw.log_sum = (double)largest + log(all);
  draws[blockIdx.x] = draw;
  if (ids) ids[slots[blockIdx.x]] = token;
}

/// y[draw][i] = the logit of ids[i] in the draw's row; a block a draw.
extern "C" __global__ void gather_logits(const float *logits, const int *rows, const int *ids, float *y, int width, int count) {
  for (int i = threadIdx.x; i < count; i += blockDim.x)
    y[(long long)blockIdx.x * count + i] = logits[(long long)rows[blockIdx.x] * width + ids[i]];
}
