// Products of small matrices in bfloat16 by a warp, with sums in float. With lane = 4 g + t, a thread holds
//   of a [16, 16]: row g and row g + 8, each at columns 2 t, 2 t + 1, and the same of columns 2 t + 8, 2 t + 9;
//   of b [16, 8]:  column g, at rows 2 t, 2 t + 1 and 2 t + 8, 2 t + 9;
//   of the sums [16, 8]: row g at columns 2 t, 2 t + 1, then row g + 8 at the same.
// (PTX, "Matrix Fragments for mma.m16n8k16".) Two neighbours share a register, the first in its low half.
#pragma once

__device__ inline unsigned pair(bfloat16 first, bfloat16 second) { return (unsigned)first.bits | (unsigned)second.bits << 16; }
__device__ inline unsigned pair(float first, float second) { return pair(narrowed(first), narrowed(second)); }

/// sums += a b
__device__ inline void multiply_add(float sums[4], const unsigned a[4], const unsigned b[2]) {
#ifdef __CUDACC__
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  tensor_core_on_host(sums, a, b);
#endif
}
