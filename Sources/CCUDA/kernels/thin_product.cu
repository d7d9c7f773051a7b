// Products of few rows, up to 64, with weights in bfloat16: x [rows, columns] times the transpose of weights
// [outputs, columns], with sums in float32. What such a product costs is reading the weights once, so everything is
// arranged for that. A warp has 32 rows of the weights, which come into memory of its own, 256 columns ahead of what it
// computes, and begin to before the kernels in front of this one have ended. x is in memory for all warps of a block, 256
// columns at a time, while the next 256 arrive. The weights are the left operand of the tensor cores: a tile of sums is
// 16 outputs by 8 rows of x, and what is loaded of x serves two of them, as shared memory would be slower than the GPU's
// own otherwise.
//
// All copies are asynchronous, and only so are many of them on their way: what is loaded into registers ahead of time is
// waited for as soon as anything is.

enum {
  thin_step = 64,                        // columns of the weights that are a group of copies: 128 bytes of a row
  thin_stages = 4,                       // groups that are on their way
  thin_chunk = thin_step * thin_stages,  // columns of x that are in memory at a time
  // Rows lie an odd multiple of 16 bytes apart, so that eight that are loaded together lie in different banks.
  weights_stride = thin_step + 8,
  thin_stride = thin_chunk + 8,
  weights_stage = 32 * weights_stride  // numbers
};

/// The columns of a product that a block sums up.
struct ThinSlice {
  int begin, end;
  __device__ ThinSlice(int columns, int width, int index)
      : begin(min(columns, index * width)), end(min(columns, index * width + width)) {}
};

/// How the 32 rows of a warp come into its memory: a lane copies 16 bytes of every fourth one.
struct ThinWeights {
  enum { copies = 8 };
  const bfloat16 *source[copies];
  bfloat16 *memory;
  int end;

  /// - row: gives where a row of the 32 begins. No kernel in flight writes the weights.
  template <class Rows>
  __device__ ThinWeights(bfloat16 *memory, int end, Rows row) : memory(memory), end(end) {
    int lane = threadIdx.x % 32;
#pragma unroll
    for (int i = 0; i < copies; ++i) source[i] = row(4 * i + lane / 8) + lane % 8 * 8;
  }

  /// Starts the copies of a stage, which become a group, from a column on: of zeros beyond the end.
  __device__ void start(int stage, int column) const {
    int lane = threadIdx.x % 32;
    bool wanted = column + lane % 8 * 8 < end;
    bfloat16 *target = memory + stage * weights_stage + lane / 8 * weights_stride + lane % 8 * 8;
#pragma unroll
    for (int i = 0; i < copies; ++i)
      copy_16_bytes_of_a_stream(target + 4 * i * weights_stride, wanted ? source[i] + column : source[i], wanted);
    end_group_of_copies();
  }
};

/// Starts copies of a chunk of x, if there is one, and of zeros in place of what it has not: a warp copies a row at a time.
template <int tiles>
__device__ inline void copy_chunk(bfloat16 *target, const bfloat16 *x, int rows, int columns, int first, int end) {
  static_assert(thin_chunk == 32 * 8, "a lane copies eight columns of a row");
  if (first < end) {
    int column = threadIdx.x % 32 * 8, row = threadIdx.x / 32, warps = blockDim.x / 32;
    if (first + column >= end) rows = 0;
    const bfloat16 *source = x + (long long)row * columns + first + column;
    target += row * thin_stride + column;
    long long step = (long long)warps * columns;
#pragma unroll 4
    for (; row < 8 * tiles; row += warps, source += step, target += warps * thin_stride)
      copy_16_bytes(target, row < rows ? source : x, row < rows);
  }
  end_group_of_copies();
}

/// sums [half][tile][i] of this warp: with lane = 4 g + t, of its row 16 half + g of the weights (i < 2) or 8 further with
/// row 8 tile + 2 t + i % 2 of x.
/// - weight_row: where a row of the warp's 32 begins.
template <int tiles, class Rows>
__device__ inline void thin_sums(
    float sums[2][tiles][4], const bfloat16 *x, Rows weight_row, int rows, int columns, ThinSlice slice) {
  constexpr int buffer_size = 8 * tiles * thin_stride;
  bfloat16 *memory = (bfloat16 *)block_memory;
  bfloat16 *own = memory + 2 * buffer_size + threadIdx.x / 32 * thin_stages * weights_stage;
  ThinWeights weights(own, slice.end, weight_row);
#pragma unroll
  for (int stage = 0; stage < thin_stages; ++stage) weights.start(stage, slice.begin + thin_step * stage);

  follow_previous();
  copy_chunk<tiles>(memory, x, rows, columns, slice.begin, slice.end);
#pragma unroll
  for (int half = 0; half < 2; ++half)
#pragma unroll
    for (int tile = 0; tile < tiles; ++tile)
      for (int i = 0; i < 4; ++i) sums[half][tile][i] = 0;

  const bfloat16 *left = own + left_place(weights_stride), *right = memory + right_place(thin_stride);
  int buffer = 0;
#pragma unroll 1
  for (int chunk = slice.begin; chunk < slice.end; chunk += thin_chunk, buffer ^= 1) {
    // The first chunk of x is the last group; behind a later one and the first stage of its weights come three stages.
    if (chunk == slice.begin)
      wait_for_copies_but<0>();
    else
      wait_for_copies_but<thin_stages - 1>();
    // The present chunk is there, and nobody reads the one before any more.
    __syncthreads();
    copy_chunk<tiles>(memory + (buffer ^ 1) * buffer_size, x, rows, columns, chunk + thin_chunk, slice.end);
#pragma unroll
    for (int stage = 0; stage < thin_stages; ++stage) {
      if (stage > 0) wait_for_copies_but<thin_stages>();
      __syncwarp();
      const bfloat16 *present = right + buffer * buffer_size + thin_step * stage;
#pragma unroll
      for (int column = 0; column < thin_step; column += 16) {
        unsigned a[2][4], b[tiles / 2][4];
#pragma unroll
        for (int half = 0; half < 2; ++half)
          load_matrices(a[half], left + stage * weights_stage + 16 * half * weights_stride + column);
#pragma unroll
        for (int pair = 0; pair < tiles / 2; ++pair)
          load_matrices(b[pair], present + 16 * pair * thin_stride + column);
#pragma unroll
        for (int tile = 0; tile < tiles; ++tile)
#pragma unroll
          for (int half = 0; half < 2; ++half) multiply_add(sums[half][tile], a[half], b[tile / 2] + tile % 2 * 2);
      }
      // The warp has read what the next copies are for.
      __syncwarp();
      weights.start(stage, chunk + thin_chunk + thin_step * stage);
    }
  }
}

/// The slices of a product, one behind the other: parts [slices, rows, outputs]. Blocks are outputs by slices.
template <int tiles>
__device__ inline void thin_product_by(
    const bfloat16 *x, const bfloat16 *weights, float *parts, int rows, int columns, int outputs, int slice_width) {
  int first = 32 * (int)(blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32);
  float sums[2][tiles][4];
  thin_sums<tiles>(
      sums, x, [=](int row) { return weights + (long long)min(first + row, outputs - 1) * columns; }, rows, columns,
      ThinSlice(columns, slice_width, blockIdx.y));
  int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int half = 0; half < 2; ++half)
#pragma unroll
    for (int tile = 0; tile < tiles; ++tile)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        int row = 8 * tile + 2 * t + i % 2, output = first + 16 * half + g + i / 2 * 8;
        if (row < rows && output < outputs)
          parts[((long long)blockIdx.y * rows + row) * outputs + output] = sums[half][tile][i];
      }
}

/// silu(x gateᵀ + gate_bias) * (x upᵀ + up_bias) [rows, outputs]; the biases may be absent. A warp has eight rows of the
/// gate, the same of up, and the next eight of both, so that a thread has what belongs together.
template <int tiles>
__device__ inline void thin_swiglu_by(
    const bfloat16 *x, const bfloat16 *gate, const bfloat16 *up, const float *gate_bias, const float *up_bias, bfloat16 *y,
    int rows, int columns, int outputs) {
  int first = 16 * (int)(blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32);
  float sums[2][tiles][4];
  thin_sums<tiles>(
      sums, x,
      [=](int row) {
        int output = first + row / 16 * 8 + row % 8;
        return (row / 8 % 2 == 0 ? gate : up) + (long long)min(output, outputs - 1) * columns;
      },
      rows, columns, ThinSlice(columns, columns, 0));
  int lane = threadIdx.x % 32, t = lane % 4;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    int output = first + 8 * half + lane / 4;
    if (output >= outputs) return;
    float of_gate = gate_bias ? gate_bias[output] : 0, of_up = up_bias ? up_bias[output] : 0;
    bfloat16 *target = y + (long long)2 * t * outputs + output;
#pragma unroll
    for (int tile = 0; tile < tiles; ++tile, target += 8 * outputs) {
      float value[2];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        float x = sums[half][tile][i] + of_gate;
        value[i] = x * quick_sigmoid(x) * (sums[half][tile][2 + i] + of_up);
      }
      unsigned both = pair(value[0], value[1]);
      if (8 * tile + 2 * t < rows) target[0].bits = (unsigned short)both;
      if (8 * tile + 2 * t + 1 < rows) target[outputs].bits = (unsigned short)(both >> 16);
    }
  }
}

#define THIN_PRODUCTS(most_rows)                                                                                       \
  extern "C" __global__ void __launch_bounds__(192, 2) thin_product_##most_rows(                                          \
      const bfloat16 *x, const bfloat16 *weights, float *parts, int rows, int columns, int outputs, int slice_width) { \
    thin_product_by<most_rows / 8>(x, weights, parts, rows, columns, outputs, slice_width);                            \
  }                                                                                                                    \
  extern "C" __global__ void __launch_bounds__(192, 2) thin_swiglu_##most_rows(                                           \
      const bfloat16 *x, const bfloat16 *gate, const bfloat16 *up, const float *gate_bias, const float *up_bias,       \
      bfloat16 *y, int rows, int columns, int outputs) {                                                               \
    thin_swiglu_by<most_rows / 8>(x, gate, up, gate_bias, up_bias, y, rows, columns, outputs);                         \
  }

THIN_PRODUCTS(16)
THIN_PRODUCTS(32)
THIN_PRODUCTS(64)
