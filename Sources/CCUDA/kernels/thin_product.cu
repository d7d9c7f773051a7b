// Products of few rows, up to 64, with weights in bfloat16: x [rows, columns] times the transpose of weights
// [outputs, columns], with sums in float32. What such a product costs is reading the weights once, so everything is
// arranged for that: a warp has 16 rows of the weights, reads them straight into its registers, 256 columns ahead of what
// it computes, and begins to before the kernels in front of this one have ended. x is in shared memory for all warps of a
// block, 256 columns at a time, while the next 256 arrive.
//
// The weights are the left operand of the tensor cores, so that a tile of sums is 16 outputs by 8 rows of x. In a product
// of sums the order of the columns is free: a thread reads eight neighbours and takes the first two of them for the
// columns 2 t and 2 t + 1 that its place in an operand stands for, the next two for 2 t + 8 and 2 t + 9, and the other
// four for the following product, in the weights and in x alike.

enum {
  thin_step = 64,                        // columns that a warp reads of a row at a time: 128 bytes
  thin_stages = 4,                       // steps that are on their way
  thin_chunk = thin_step * thin_stages,  // columns of x that are in memory at a time
  thin_stride = thin_chunk + 32          // of them, so that the rows of a warp's reads lie in different banks
};

/// Eight numbers in bfloat16.
struct alignas(16) EightNarrow {
  unsigned pair[4];
};

/// Weights, which are read once and stay as they are: not by way of the nearest cache, and with their neighbours, which
/// are read next, into the one behind it.
__device__ inline EightNarrow streamed(const bfloat16 *place) {
  EightNarrow read;
#ifdef __CUDACC__
  asm volatile("ld.global.nc.L1::no_allocate.L2::256B.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(read.pair[0]), "=r"(read.pair[1]), "=r"(read.pair[2]), "=r"(read.pair[3])
               : "l"(place));
#else
  memcpy(&read, place, sizeof read);
#endif
  return read;
}

/// A step of a warp's 16 rows of weights: for both halves of its columns those of row g and of row g + 8.
struct ThinStep {
  EightNarrow rows[2][2];

  /// The columns from `column` on, of which only those before `end` are the block's: zeros in their place.
  __device__ void read(const bfloat16 *upper, const bfloat16 *lower, int column, int end) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      int first = column + 32 * half;
      bool wanted = first + (int)threadIdx.x % 4 * 8 < end;
      rows[half][0] = wanted ? streamed(upper + first) : EightNarrow{};
      rows[half][1] = wanted ? streamed(lower + first) : EightNarrow{};
    }
  }
};

/// The columns of a product that a block sums up.
struct ThinSlice {
  int begin, end;
  __device__ ThinSlice(int columns, int width, int index)
      : begin(min(columns, index * width)), end(min(columns, index * width + width)) {}
};

/// Starts copies of a chunk of x, if there is one, and of zeros in place of what it has not.
template <int tiles>
__device__ inline void copy_chunk(bfloat16 *target, const bfloat16 *x, int rows, int columns, int first, int end) {
  constexpr int pieces = thin_chunk / 8;
  if (first >= end) return;
#pragma unroll 1
  for (int piece = threadIdx.x; piece < 8 * tiles * pieces; piece += blockDim.x) {
    int row = piece / pieces, column = piece % pieces * 8;
    bool wanted = row < rows && first + column < end;
    copy_16_bytes(
        target + row * thin_stride + column, wanted ? x + (long long)row * columns + first + column : x, wanted);
  }
}

/// sums [tile][i] of this warp: with lane = 4 g + t, the outputs of the upper row (i < 2) or the lower one for row
/// 8 tile + 2 t + i % 2 of x.
/// - upper, lower: where the lane's rows of the weights begin, those of g and of g + 8; weights that nothing in flight
///   writes.
template <int tiles>
__device__ inline void thin_sums(
    float sums[tiles][4], const bfloat16 *x, const bfloat16 *upper, const bfloat16 *lower, int rows, int columns,
    ThinSlice slice) {
  bfloat16 *memory = (bfloat16 *)block_memory;
  int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  upper += 8 * t;
  lower += 8 * t;
  ThinStep ahead[thin_stages];
#pragma unroll
  for (int stage = 0; stage < thin_stages; ++stage)
    ahead[stage].read(upper, lower, slice.begin + thin_step * stage, slice.end);

  follow_previous();
#pragma unroll
  for (int buffer = 0; buffer < 2; ++buffer) {
    copy_chunk<tiles>(
        memory + buffer * 8 * tiles * thin_stride, x, rows, columns, slice.begin + thin_chunk * buffer, slice.end);
    end_group_of_copies();
  }
#pragma unroll
  for (int tile = 0; tile < tiles; ++tile)
    for (int i = 0; i < 4; ++i) sums[tile][i] = 0;

  int buffer = 0;
#pragma unroll 1
  for (int chunk = slice.begin; chunk < slice.end; chunk += thin_chunk, buffer ^= 1) {
    bfloat16 *present = memory + buffer * 8 * tiles * thin_stride;
    wait_for_copies_but_last_group();
    __syncthreads();
#pragma unroll
    for (int stage = 0; stage < thin_stages; ++stage) {
      if (chunk + thin_step * stage >= slice.end) break;
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const EightNarrow &high = ahead[stage].rows[half][0], &low = ahead[stage].rows[half][1];
        const bfloat16 *place = present + g * thin_stride + thin_step * stage + 32 * half + 8 * t;
        // As many tiles at a time as keep the tensor cores busy.
        constexpr int some = tiles < 4 ? tiles : 4;
#pragma unroll
        for (int first = 0; first < tiles; first += some) {
          EightNarrow right[some];
#pragma unroll
          for (int tile = 0; tile < some; ++tile)
            right[tile] = *(const EightNarrow *)(place + 8 * (first + tile) * thin_stride);
#pragma unroll
          for (int pair = 0; pair < 4; pair += 2) {
            unsigned left[4] = {high.pair[pair], low.pair[pair], high.pair[pair + 1], low.pair[pair + 1]};
#pragma unroll
            for (int tile = 0; tile < some; ++tile) multiply_add(sums[first + tile], left, right[tile].pair + pair);
          }
        }
      }
      ahead[stage].read(upper, lower, chunk + thin_chunk + thin_step * stage, slice.end);
    }
    // Nobody reads these columns any more.
    __syncthreads();
    copy_chunk<tiles>(present, x, rows, columns, chunk + 2 * thin_chunk, slice.end);
    end_group_of_copies();
  }
}

/// The slices of a product, one behind the other: parts [slices, rows, outputs]. Blocks are outputs by slices.
template <int tiles>
__device__ inline void thin_product_by(
    const bfloat16 *x, const bfloat16 *weights, float *parts, int rows, int columns, int outputs, int slice_width) {
  int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  int first = 16 * (int)(blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32) + g;
  float sums[tiles][4];
  thin_sums<tiles>(
      sums, x, weights + (long long)min(first, outputs - 1) * columns,
      weights + (long long)min(first + 8, outputs - 1) * columns, rows, columns,
      ThinSlice(columns, slice_width, blockIdx.y));
#pragma unroll
  for (int tile = 0; tile < tiles; ++tile)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      int row = 8 * tile + 2 * t + i % 2, output = first + i / 2 * 8;
      if (row < rows && output < outputs) parts[((long long)blockIdx.y * rows + row) * outputs + output] = sums[tile][i];
    }
}

/// silu(x gateᵀ + gate_bias) * (x upᵀ + up_bias) [rows, outputs]; the biases may be absent. A warp has eight rows of the
/// gate and the same of up, so that a thread has what belongs together.
template <int tiles>
__device__ inline void thin_swiglu_by(
    const bfloat16 *x, const bfloat16 *gate, const bfloat16 *up, const float *gate_bias, const float *up_bias, bfloat16 *y,
    int rows, int columns, int outputs) {
  int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  int output = 8 * (int)(blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32) + g;
  long long place = (long long)min(output, outputs - 1) * columns;
  float sums[tiles][4];
  thin_sums<tiles>(sums, x, gate + place, up + place, rows, columns, ThinSlice(columns, columns, 0));
  if (output >= outputs) return;
  float of_gate = gate_bias ? gate_bias[output] : 0, of_up = up_bias ? up_bias[output] : 0;
#pragma unroll
  for (int tile = 0; tile < tiles; ++tile)
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      int row = 8 * tile + 2 * t + i;
      if (row >= rows) continue;
      float value = sums[tile][i] + of_gate;
      y[(long long)row * outputs + output] = narrowed(value * sigmoid(value) * (sums[tile][2 + i] + of_up));
    }
}

#define THIN_PRODUCTS(most_rows)                                                                                       \
  extern "C" __global__ void __launch_bounds__(384) thin_product_##most_rows(                                          \
      const bfloat16 *x, const bfloat16 *weights, float *parts, int rows, int columns, int outputs, int slice_width) { \
    thin_product_by<most_rows / 8>(x, weights, parts, rows, columns, outputs, slice_width);                            \
  }                                                                                                                    \
  extern "C" __global__ void __launch_bounds__(384) thin_swiglu_##most_rows(                                           \
      const bfloat16 *x, const bfloat16 *gate, const bfloat16 *up, const float *gate_bias, const float *up_bias,       \
      bfloat16 *y, int rows, int columns, int outputs) {                                                               \
    thin_swiglu_by<most_rows / 8>(x, gate, up, gate_bias, up_bias, y, rows, columns, outputs);                         \
  }

THIN_PRODUCTS(8)
THIN_PRODUCTS(16)
THIN_PRODUCTS(32)
THIN_PRODUCTS(64)
