// Products of small matrices in bfloat16 by a warp, with sums in float. With lane = 4 g + t, a thread holds
//   of a [16, 16]: row g and row g + 8, each at columns 2 t, 2 t + 1, and the same of columns 2 t + 8, 2 t + 9;
//   of b [16, 8]:  column g, at rows 2 t, 2 t + 1 and 2 t + 8, 2 t + 9;
//   of the sums [16, 8]: row g at columns 2 t, 2 t + 1, then row g + 8 at the same.
// (PTX, "Matrix Fragments for mma.m16n8k16".) Two neighbours share a register, the first in its low half.
#pragma once

/// Both rounded to the nearest, ties to even.
__device__ inline unsigned pair(float first, float second) {
#ifdef __CUDACC__
  unsigned both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
  return both;
#else
  return (unsigned)narrowed(first).bits | (unsigned)narrowed(second).bits << 16;
#endif
}

/// 2 to the power of x, as exactly as weights that are rounded to bfloat16 need it.
__device__ inline float power_of_two(float x) {
#ifdef __CUDACC__
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
  return power;
#else
  return exp2f(x);
#endif
}

/// 1 / (1 + e^-x), as exactly.
__device__ inline float quick_sigmoid(float x) {
  float sum = 1.0f + power_of_two(-1.4426950408889634f * x);
#ifdef __CUDACC__
  float reciprocal;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(reciprocal) : "f"(sum));
  return reciprocal;
#else
  return 1.0f / sum;
#endif
}

/// sums += a b
__device__ inline void multiply_add(float sums[4], const unsigned a[4], const unsigned b[2]) {
#ifdef __CUDACC__
  asm(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  tensor_core_on_host(sums, a, b);
#endif
}

/// Four matrices [8, 8] from shared memory, of which lane 8 m + r says where row r of matrix m begins: register m gets
/// row g at columns 2 t, 2 t + 1.
__device__ inline void load_matrices(unsigned registers[4], const bfloat16 *row) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(shared_address(row))
               : "memory");
#else
  load_matrices_on_host(registers, row, false);
#endif
}

/// The same with each matrix transposed: register m gets column g at rows 2 t, 2 t + 1.
__device__ inline void load_transposed(unsigned registers[4], const bfloat16 *row) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(shared_address(row))
               : "memory");
#else
  load_matrices_on_host(registers, row, true);
#endif
}

/// Two tiles of sums become the left operand of the next product.
__device__ inline void as_operand(unsigned a[4], const float first[4], const float second[4]) {
  a[0] = pair(first[0], first[1]);
  a[1] = pair(first[2], first[3]);
  a[2] = pair(second[0], second[1]);
  a[3] = pair(second[2], second[3]);
}

/// Where this lane's row begins for `load_matrices` of a [16, 16] that becomes a left operand, and for
/// `load_transposed` of a [16, 16] whose columns become two right operands.
__device__ inline int left_place(int stride) {
  int lane = threadIdx.x % 32;
  return lane % 16 * stride + lane / 16 * 8;
}

/// The same for `load_matrices` of a [16, 16] whose rows become the columns of two right operands.
__device__ inline int right_place(int stride) {
  int lane = threadIdx.x % 32;
  return (lane / 16 * 8 + lane % 8) * stride + lane / 8 % 2 * 8;
}
