// Copies from the GPU's memory into shared memory that go on while a block computes, and are waited for together.
#pragma once

#ifdef __CUDACC__
__device__ inline unsigned shared_address(const void *place) { return (unsigned)__cvta_generic_to_shared(place); }
#endif

/// 16 bytes, both places at multiples of 16; zeros where they are not `wanted`, and nothing is read at `source` then.
__device__ inline void copy_16_bytes(void *target, const void *source, bool wanted) {
#ifdef __CUDACC__
  int bytes = wanted ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(target)), "l"(source), "r"(bytes)
               : "memory");
#else
  fibers::copy_later(target, wanted ? source : nullptr, 16);
#endif
}

/// The same of what is read once, in rows that go on for long: the cache is told to get 256 bytes.
__device__ inline void copy_16_bytes_of_a_stream(void *target, const void *source, bool wanted) {
#ifdef __CUDACC__
  int bytes = wanted ? 16 : 0;
  asm volatile("cp.async.cg.shared.global.L2::256B [%0], [%1], 16, %2;" ::"r"(shared_address(target)), "l"(source),
               "r"(bytes)
               : "memory");
#else
  fibers::copy_later(target, wanted ? source : nullptr, 16);
#endif
}

/// The same of a float.
__device__ inline void copy_float(float *target, const float *source, bool wanted) {
#ifdef __CUDACC__
  int bytes = wanted ? 4 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared_address(target)), "l"(source), "r"(bytes)
               : "memory");
#else
  fibers::copy_later(target, wanted ? source : nullptr, 4);
#endif
}

/// Until this thread's copies are there; those of other threads are once the block has met.
__device__ inline void wait_for_copies() {
#ifdef __CUDACC__
  asm volatile("cp.async.wait_all;" ::: "memory");
#else
  fibers::wait_for_copies(0);
#endif
}

/// What this thread has started since the last group becomes one, which can be waited for by itself.
__device__ inline void end_group_of_copies() {
#ifdef __CUDACC__
  asm volatile("cp.async.commit_group;" ::: "memory");
#else
  fibers::end_group_of_copies();
#endif
}

/// Until all groups of this thread but the last `others` are there.
template <int others>
__device__ inline void wait_for_copies_but() {
#ifdef __CUDACC__
  asm volatile("cp.async.wait_group %0;" ::"n"(others) : "memory");
#else
  fibers::wait_for_copies(others);
#endif
}
