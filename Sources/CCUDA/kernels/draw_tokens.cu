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

enum {
  lane_tokens = 8,                // of a lane in a turn of its warp
  turn_tokens = 32 * lane_tokens,
  slice_parts = 32                // of a warp's slice: a lane keeps the sum of each, so that a token is looked for in one
};

/// What a turn of the warp reads of a row, all of it on its way at a time; where it has no tokens, before `last`, minus
/// infinity.
struct DrawTurn {
  float values[lane_tokens];

  __device__ static int token(int first, int j) { return first + 32 * j + (int)threadIdx.x % 32; }

  __device__ DrawTurn(const float *row, int first, int last) {
#pragma unroll
    for (int j = 0; j < lane_tokens; ++j) values[j] = token(first, j) < last ? row[token(first, j)] : -infinity();
  }
};

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
  __shared__ double slices[32];
  __shared__ int picked;
  const float *row = logits + (long long)rows[blockIdx.x] * width;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  int slice = (width + 31) / 32, first = min(width, warp * slice), last = min(width, first + slice);
  int part_width = (slice + slice_parts * turn_tokens - 1) / (slice_parts * turn_tokens) * turn_tokens;

  float largest = -infinity();
#pragma unroll 1
  for (int start = first; start < last; start += 2 * turn_tokens) {
    DrawTurn turn(row, start, last), other(row, start + turn_tokens, last);
#pragma unroll
    for (int j = 0; j < lane_tokens; ++j) largest = fmaxf(largest, fmaxf(turn.values[j], other.values[j]));
  }
  DrawTurn next(row, first, last);
  largest = block_largest(largest);
  int likeliest = width, part = 0;
  double all = 0, whole = 0, total = 0, sum = 0, own_part = 0;
#pragma unroll 1
  for (int start = first; start < last; start += turn_tokens) {
    DrawTurn turn = next;
    next = DrawTurn(row, start + turn_tokens, last);
#pragma unroll
    for (int j = 0; j < lane_tokens; ++j) {
      float value = turn.values[j], weight = expf(value - largest);
      all += (double)weight;
      sum += (double)(scale == 1 ? weight : expf((value - largest) * scale));
      if (value == largest) likeliest = min(likeliest, DrawTurn::token(start, j));
    }
    if (start + turn_tokens < min(last, first + (part + 1) * part_width)) continue;
    sum = warp_sum(sum);
    if (lane == part) own_part = sum;
    whole += sum;
    sum = 0;
    ++part;
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
      part = first_above(own_part, slice_parts, level, before);
      int start = min(last, first + part * part_width), end = min(last, start + part_width);
      int token = end - 1;
      // Each lane has neighbours here.
#pragma unroll 1
      for (; start < end; start += turn_tokens) {
        int own = start + lane * lane_tokens, place = min(end, own + lane_tokens) - 1;
        double weights[lane_tokens], own_sum = 0;
#pragma unroll
        for (int j = 0; j < lane_tokens; ++j) {
          weights[j] = own + j < end ? (double)expf((row[own + j] - largest) * scale) : 0.0;
          own_sum += weights[j];
        }
        double up_to = warp_running_sum(own_sum), earlier = __shfl_up_sync(0xffffffffu, up_to, 1);
        int found = warp_smallest(own < end && before + up_to > level ? lane : 32);
        double running = lane == 0 ? before : before + earlier;
#pragma unroll
        for (int j = 0; j < lane_tokens; ++j) {
          running += weights[j];
          if (running > level) place = min(place, own + j);
        }
        if (found < 32) {
          token = __shfl_sync(0xffffffffu, place, found);
          break;
        }
        before += __shfl_sync(0xffffffffu, up_to, 31);
      }
      if (lane == 0) picked = token;
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
