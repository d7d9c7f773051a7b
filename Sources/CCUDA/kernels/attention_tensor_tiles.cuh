// What the attention kernels on tensor cores share: blocks of four warps, keys by 64, and rows in shared memory that are
// padded to the width a kernel is made for. Everything read and written is in bfloat16, sums are float.
#pragma once

enum { tensor_keys = 64, tensor_threads = 128, key_tiles = tensor_keys / 8 };

/// Weights are computed as powers of two.
__device__ constexpr float log2_of_e = 1.4426950408889634f;

/// Elements of a row in shared memory: an odd multiple of 16 bytes, so that the eight rows of a matrix that are loaded
/// together lie in different banks.
__device__ constexpr int row_stride(int width) { return width + 8; }

/// The same value, of which the compiler does not know so: what is computed from it in a loop is computed each time, as
/// kept over the loop it would fill the registers.
__device__ inline int computed_again(int value) {
#ifdef __CUDACC__
  asm volatile("" : "+r"(value));
#endif
  return value;
}

/// The rows of one key head.
template <class Number>
struct KeyRows {
  static constexpr bool are_even = true;
  Number *first;
  int pitch;
  __device__ KeyRows(Number *matrix, int first_key, int kv_head, AttentionShape shape)
      : first(matrix + ((long long)first_key * shape.kv_heads + kv_head) * shape.width),
        pitch(shape.kv_heads * shape.width) {}
  __device__ Number *operator[](int key) const { return first + key * pitch; }
};

/// row / group for rows of a tile, as a product with the group's reciprocal.
struct Grouping {
  int group, reciprocal;
  __device__ explicit Grouping(int group) : group(group), reciprocal((65535 + group) / group) {}
  __device__ int query(int row) const { return (row * reciprocal) >> 16; }
};

/// The rows of a tile: queries times the query heads of one key head.
template <class Number>
struct QueryRows {
  static constexpr bool are_even = false;
  Number *first;
  Grouping grouping;
  int width, pitch;
  __device__ QueryRows(Number *matrix, int first_query, int kv_head, Grouping grouping, AttentionShape shape)
      : first(matrix + ((long long)first_query * shape.heads + kv_head * grouping.group) * shape.width),
        grouping(grouping), width(shape.width), pitch(shape.heads * shape.width) {}
  __device__ Number *operator[](int row) const {
    int query = grouping.query(row);
    return first + query * pitch + (row - query * grouping.group) * width;
  }
};

__device__ inline bool is_copied_whole(const void *matrix, int width) {
  return width % 8 == 0 && (unsigned long long)matrix % 16 == 0;
}

/// The first `count` of `most` rows into shared memory; zeros beyond them and beyond `own` elements of a row.
/// - whole: every eighth element lies at a multiple of 16 bytes, so that rows are copied asynchronously.
template <int width, int most, class Rows>
__device__ inline void load_rows(bfloat16 *target, Rows rows, int count, int own, bool whole) {
  constexpr int pieces = width / 8, all = most * pieces;
  int thread = computed_again(threadIdx.x);
  if (whole) {
    if constexpr (Rows::are_even && tensor_threads % pieces == 0) {
      // Each thread has a column of its own, and rows the same distance apart.
      constexpr int distance = tensor_threads / pieces;
      int row = thread / pieces, column = thread % pieces * 8;
      auto source = rows[row] + column;
      bfloat16 *place = target + row * row_stride(width) + column;
      int wanted = column < own ? count - row : 0;
#pragma unroll
      for (int i = 0; i < most / distance; ++i) {
        copy_16_bytes(place + i * distance * row_stride(width), source, i * distance < wanted);
        source += distance * rows.pitch;
      }
      return;
    }
#pragma unroll 1
    for (int i = 0; i < (all + tensor_threads - 1) / tensor_threads; ++i) {
      int index = thread + i * tensor_threads;
      if (all % tensor_threads != 0 && index >= all) break;
      int row = index / pieces, column = index % pieces * 8;
      bool wanted = row < count && column < own;
      copy_16_bytes(target + row * row_stride(width) + column, wanted ? rows[row] + column : rows.first, wanted);
    }
  } else {
#pragma unroll 1
    for (int index = threadIdx.x; index < most * width; index += tensor_threads) {
      int row = index / width, column = index % width;
      bfloat16 zero = {0};
      target[row * row_stride(width) + column] = row < count && column < own ? rows[row][column] : zero;
    }
  }
}

/// A warp's sums [16, width], times `factors` of the two rows a thread has, rounded into rows of shared memory.
template <int width>
__device__ inline void place_sums(bfloat16 *rows, const float sums[width / 8][4], const float factors[2]) {
  int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int column = 0; column < width / 8; ++column)
#pragma unroll
    for (int i = 0; i < 2; ++i)
      *(unsigned *)(rows + (g + 8 * i) * row_stride(width) + 8 * column + 2 * t) =
          pair(sums[column][2 * i] * factors[i], sums[column][2 * i + 1] * factors[i]);
}

/// Two neighbours that are read or written at once.
struct alignas(8) TwoFloats {
  float first, second;
};

struct SixteenBytes {
  unsigned parts[4];
};

/// The first `count` rows from shared memory to where they belong; by the whole block.
template <int width, class Rows>
__device__ inline void store_rows(Rows rows, const bfloat16 *source, int count, int own, bool whole) {
  constexpr int pieces = width / 8;
  if (whole) {
#pragma unroll 1
    for (int index = threadIdx.x; index < count * pieces; index += tensor_threads) {
      int row = index / pieces, column = index % pieces * 8;
      if (column < own)
        *(SixteenBytes *)(rows[row] + column) = *(const SixteenBytes *)(source + row * row_stride(width) + column);
    }
  } else {
#pragma unroll 1
    for (int index = threadIdx.x; index < count * width; index += tensor_threads) {
      int row = index / width, column = index % width;
      if (column < own) rows[row][column] = source[row * row_stride(width) + column];
    }
  }
}

/// Which of 64 keys a warp's queries see.
enum { see_none, see_some, see_all };

/// Goes over a tile's spans by 64 keys. It keeps little, and reads a span again where a mask is made from it: registers
/// are what the kernels have least of.
struct KeyWalk {
  const KeySpan *spans;
  int index, last, start, most, first;

  __device__ KeyWalk(const KeySpan *spans, QueryTile tile)
      : spans(spans), index(tile.first_span - 1), last(tile.first_span + tile.spans), start(0), most(0), first(0) {
    next();
  }
  __device__ bool has_keys() const { return start < most; }
  __device__ int count() const { return min((int)tensor_keys, most - start); }
  __device__ int first_key() const { return first + start; }

  __device__ void next() {
    start += tensor_keys;
#pragma unroll 1
    while (start >= most && ++index < last) {
      KeySpan span = spans[index];
      most = visible_keys(span, span.row + span.rows - 1);
      first = span.first_key;
      start = 0;
    }
  }

  /// Of the present keys, how many a query of the tile sees; none if negative.
  __device__ int visible(int query) const { return visible_keys(spans[index], query) - start; }

  /// What the queries from the first to the last see of the present 64 keys: a further query sees no fewer.
  __device__ int sight(int first_query, int last_query) const {
    KeySpan span = spans[index];
    int end = min(last_query, span.row + span.rows - 1);
    if (end < first_query || visible_keys(span, end) <= start) return see_none;
    bool all = visible_keys(span, first_query) - start >= tensor_keys && end == last_query;
    return all ? see_all : see_some;
  }
};

/// Over the four threads that share rows.
__device__ inline float quad_sum(float value) {
  value += __shfl_xor_sync(0xffffffffu, value, 1);
  return value + __shfl_xor_sync(0xffffffffu, value, 2);
}
__device__ inline float quad_largest(float value) {
  value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 1));
  return fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 2));
}
