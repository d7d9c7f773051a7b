// What the threads of a block do together.
#pragma once

/// Memory of the block whose size the launch says.
#ifdef __CUDACC__
extern __shared__ float block_memory[];
#endif

/// The index of this thread among all of a one-dimensional launch, and their number.
__device__ inline long long first_index() { return (long long)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline long long index_stride() { return (long long)gridDim.x * blockDim.x; }

template <class Number>
__device__ inline Number warp_sum(Number value) {
  for (int distance = 16; distance > 0; distance /= 2) value += __shfl_xor_sync(0xffffffffu, value, distance);
  return value;
}

__device__ inline float warp_largest(float value) {
  for (int distance = 16; distance > 0; distance /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, distance));
  return value;
}

__device__ inline int warp_smallest(int value) {
  for (int distance = 16; distance > 0; distance /= 2) value = min(value, __shfl_xor_sync(0xffffffffu, value, distance));
  return value;
}

/// The sum over a block of whole warps, in every thread.
template <class Number>
__device__ inline Number block_sum(Number value) {
  __shared__ Number parts[32];
  value = warp_sum(value);
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  Number sum = 0;
  for (int warp = 0; warp < (int)blockDim.x / 32; ++warp) sum += parts[warp];
  return sum;
}

/// The largest over a block of whole warps, in every thread.
__device__ inline float block_largest(float value) {
  __shared__ float parts[32];
  value = warp_largest(value);
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  float largest = parts[0];
  for (int warp = 1; warp < (int)blockDim.x / 32; ++warp) largest = fmaxf(largest, parts[warp]);
  return largest;
}

/// The smallest over a block of whole warps, in every thread.
__device__ inline int block_smallest(int value) {
  __shared__ int parts[32];
  value = warp_smallest(value);
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  int smallest = parts[0];
  for (int warp = 1; warp < (int)blockDim.x / 32; ++warp) smallest = min(smallest, parts[warp]);
  return smallest;
}

/// In kernels that may be launched before the one before them has ended: waits until it has. What comes before this reads
/// what no kernel in flight writes, and writes nothing. The one behind may be launched from here on, so that its blocks are
/// ready when this one ends.
__device__ inline void follow_previous() {
#ifndef __CUDACC__
  fibers::follow_previous();
#elif __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
