/// Private: the kernels behind ck_weight_product, one family a file.
#ifndef CK_WEIGHT_PRODUCTS_H
#define CK_WEIGHT_PRODUCTS_H

#include "avx2.h"
#include "avx512.h"
#include "bfloat16.h"
#include "operands.h"

#if defined(__x86_64__)

/// weight_products_avx2.c: float32
void ck_weight_product_avx2(const ck_weight_operands *o);
/// weight_products_avx2_bf16.c: bfloat16
void ck_weight_product_avx2_bf16(const ck_weight_operands *o);
/// weight_products_avx2_int8.c: int8
void ck_weight_product_avx2_int8(const ck_weight_operands *o);
/// weight_products_avx512.c: float32
void ck_weight_product_avx512(const ck_weight_operands *o);
/// weight_products_bf16.c: bfloat16
void ck_weight_product_avx512_bf16(const ck_weight_operands *o);
/// weight_products_tiles.c: bfloat16, on a matrix unit, where ck_tiles_fit
void ck_weight_product_tiles(const ck_weight_operands *o);
bool ck_tiles_fit(const ck_weight_operands *o);
/// weight_products_vnni.c: int8
void ck_weight_product_avx512_vnni(const ck_weight_operands *o);

enum {
  /// Rows of x that a matrix unit multiplies while the weights are read once.
  CK_MOST_TILED_ROWS = 32,
};

CK_INLINE bool ck_has_avx512_bf16(void) { return ck_has_avx512() && __builtin_cpu_supports("avx512bf16"); }
CK_INLINE bool ck_has_avx512_vnni(void) { return ck_has_avx512() && __builtin_cpu_supports("avx512vnni"); }

#elif defined(__aarch64__)

/// weight_products_neon.c: float32 and bfloat16
void ck_weight_product_neon(const ck_weight_operands *o);
/// weight_products_neon_int8.c: int8
void ck_weight_product_neon_dot(const ck_weight_operands *o);

#endif

CK_INLINE void ck_put(float *y, float value, bool accumulate) { *y = accumulate ? *y + value : value; }

#endif
