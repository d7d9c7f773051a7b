// What CUDA C++ has beyond C++, for kernels that are compiled for the host. See fibers.h for how threads run.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "fibers.h"

#define __global__
#define __device__
// One block runs at a time.
#define __shared__ static
#define __launch_bounds__(...)

#define threadIdx (fibers::current_thread())
#define blockIdx (fibers::launch.block)
#define blockDim (fibers::launch.threads)
#define gridDim (fibers::launch.blocks)
#define block_memory (fibers::launch.memory)

static inline void __syncthreads() { fibers::meet_block(); }

/// Of the 32 lanes of a warp.
static inline void __syncwarp() { fibers::exchange(0); }

/// What the lane `source` of the warp gives; all 32 have to come.
template <class Number>
static inline Number __shfl_sync(unsigned, Number value, int source) {
  uint64_t bits = 0;
  static_assert(sizeof value <= sizeof bits);
  memcpy(&bits, &value, sizeof value);
  bits = fibers::exchange(bits)[0][source];
  memcpy(&value, &bits, sizeof value);
  return value;
}

template <class Number>
static inline Number __shfl_xor_sync(unsigned mask, Number value, int distance) {
  return __shfl_sync(mask, value, (int)(threadIdx.x % 32) ^ distance);
}

/// The first `distance` lanes get their own value back.
template <class Number>
static inline Number __shfl_up_sync(unsigned mask, Number value, int distance) {
  int lane = (int)(threadIdx.x % 32);
  return __shfl_sync(mask, value, lane < distance ? lane : lane - distance);
}

/// Whether any of the warp's 32 lanes says so.
static inline bool __any_sync(unsigned, bool own) {
  const uint64_t *given = fibers::exchange(own)[0];
  for (int lane = 0; lane < 32; ++lane)
    if (given[lane]) return true;
  return false;
}

static inline float __int_as_float(int bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline int __float_as_int(float value) {
  int bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float bfloat16_half(uint64_t bits, int half) {
  return __int_as_float((int)((uint32_t)(bits >> 16 * half) << 16));
}

/// What mma.m16n8k16 does over a warp, see kernels/tensor_cores.cuh for who holds what.
static inline void tensor_core_on_host(float sums[4], const unsigned a[4], const unsigned b[2]) {
  auto both = [](const unsigned *pair) { return (uint64_t)pair[0] | (uint64_t)pair[1] << 32; };
  fibers::Words given = fibers::exchange(both(a), both(a + 2), both(b));
  // Two rows of a and two columns of b are all that this lane needs; four lanes hold each.
  int g = (int)(threadIdx.x % 32) / 4, t = (int)(threadIdx.x % 32) % 4;
  float rows[2][16], columns[2][16];
  for (int holder = 0; holder < 4; ++holder)
    for (int half = 0; half < 4; ++half) {
      int second = half / 2, place = 2 * holder + half % 2;
      for (int part = 0; part < 2; ++part)
        rows[second][place + 8 * part] = bfloat16_half(given[part][4 * g + holder], half);
      for (int column = 0; column < 2; ++column)
        columns[column][place + 8 * second] = bfloat16_half(given[2][4 * (2 * t + column) + holder], half);
    }
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 16; ++k) sums[i] += rows[i / 2][k] * columns[i % 2][k];
}

/// What ldmatrix.x4 does over a warp, see kernels/tensor_cores.cuh for who gets what.
static inline void load_matrices_on_host(unsigned registers[4], const void *row, bool transposed) {
  const uint64_t *rows = fibers::exchange((uint64_t)row)[0];
  int g = (int)(threadIdx.x % 32) / 4, t = (int)(threadIdx.x % 32) % 4;
  for (int matrix = 0; matrix < 4; ++matrix) {
    registers[matrix] = 0;
    for (int i = 0; i < 2; ++i) {
      int line = transposed ? 2 * t + i : g, column = transposed ? g : 2 * t + i;
      registers[matrix] |= (unsigned)((const uint16_t *)rows[8 * matrix + line])[column] << 16 * i;
    }
  }
}

static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
