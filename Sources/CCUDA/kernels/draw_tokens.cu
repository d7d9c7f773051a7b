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

/// The first token at which the running sum of exp((logit - largest) * scale) exceeds uniform times their sum; with a
/// scale of 0 the first of the likeliest. `rows` says which row each draw is from.
extern "C" __global__ void __launch_bounds__(1024) draw_tokens(
    const float *logits, const int *rows, const double *uniforms, TokenDraw *draws, int width, float scale) {
  __shared__ double slices[32];
  __shared__ int picked;
  const float *row = logits + (long long)rows[blockIdx.x] * width;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  int slice = (width + 31) / 32, first = min(width, warp * slice), last = min(width, first + slice);

  float largest = -infinity();
  for (int i = first + lane; i < last; i += 32) largest = fmaxf(largest, row[i]);
  largest = block_largest(largest);
  int likeliest = width;
  for (int i = first + lane; i < last; i += 32)
    if (row[i] == largest) likeliest = min(likeliest, i);
  likeliest = block_smallest(likeliest);
  if (threadIdx.x == 0) picked = likeliest;
  double all = 0, part = 0;
  for (int i = first + lane; i < last; i += 32) {
    all += (double)expf(row[i] - largest);
    part += (double)expf((row[i] - largest) * scale);
  }
  all = block_sum(all);
  part = warp_sum(part);
  if (lane == 0) slices[warp] = part;
  __syncthreads();
  double total = 0, before = 0;
  for (int i = 0; i < 32; ++i) total += slices[i];
  if (scale != 0) {
    double level = uniforms[blockIdx.x] * total;
    int owner = 0;
    while (owner < 31 && before + slices[owner] <= level) before += slices[owner++];
    if (warp == owner) {
      // All lanes go round equally often.
      for (int start = first; start < last; start += 32) {
        int i = start + lane;
        double sum = warp_running_sum(i < last ? (double)expf((row[i] - largest) * scale) : 0.0);
        int found = warp_smallest(i < last && before + sum > level ? i : width);
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
  int token = min(picked, width - 1);
  draw.token = token;
  draw.logit = row[token];
  draw.drawn_log_probability = scale == 0 ? 0.0 : log((double)expf((row[token] - largest) * scale) / total);
  draw.log_sum = (double)largest + log(all);
  draws[blockIdx.x] = draw;
}

/// y[draw][i] = the logit of ids[i] in the draw's row; a block a draw.
extern "C" __global__ void gather_logits(const float *logits, const int *rows, const int *ids, float *y, int width, int count) {
  for (int i = threadIdx.x; i < count; i += blockDim.x)
    y[(long long)blockIdx.x * count + i] = logits[(long long)rows[blockIdx.x] * width + ids[i]];
}
