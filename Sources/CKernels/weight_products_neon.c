/// Few rows of x with float32 and bfloat16 weights on processors with NEON.
#include "neon.h"
#include "weight_products.h"

#if defined(__aarch64__)

/// Eight columns in float32, in an order that is the same for x and for weights.
typedef struct {
  float32x4_t first, second;
} eight_t;

CK_INLINE float32x4_t multiply_add(float32x4_t sums, eight_t a, eight_t b) {
  return vfmaq_f32(vfmaq_f32(sums, a.first, b.first), a.second, b.second);
}

// MARK: float32

CK_INLINE eight_t load_float32(const uint8_t *source) {
  return (eight_t){vreinterpretq_f32_u8(vld1q_u8(source)), vreinterpretq_f32_u8(vld1q_u8(source + 16))};
}

#define CK_PRODUCT product_float32
#define CK_VALUE_BYTES 4
#define CK_EIGHT eight_t
#define CK_LOAD load_float32
#define CK_MULTIPLY_ADD multiply_add
#include "neon_tiles.h"

// MARK: bfloat16, which is the upper half of a float32

/// The columns with even numbers, then those with odd ones.
CK_INLINE eight_t load_halves(const uint8_t *source) {
  uint32x4_t pairs = vreinterpretq_u32_u8(vld1q_u8(source));
  return (eight_t){
      vreinterpretq_f32_u32(vshlq_n_u32(pairs, 16)),
      vreinterpretq_f32_u32(vandq_u32(pairs, vdupq_n_u32(0xFFFF0000u)))};
}

#define CK_PRODUCT product_halves
#define CK_VALUE_BYTES 2
#define CK_EIGHT eight_t
#define CK_LOAD load_halves
#define CK_MULTIPLY_ADD multiply_add
#include "neon_tiles.h"

// MARK: bfloat16, multiplied by one instruction

#pragma clang attribute push(__attribute__((target("bf16"))), apply_to = function)

CK_INLINE bfloat16x8_t load_bf16(const uint8_t *source) { return vreinterpretq_bf16_u8(vld1q_u8(source)); }

#define CK_PRODUCT product_bf16
#define CK_VALUE_BYTES 2
#define CK_EIGHT bfloat16x8_t
#define CK_LOAD load_bf16
#define CK_MULTIPLY_ADD vbfdotq_f32
#include "neon_tiles.h"

#pragma clang attribute pop

void ck_weight_product_neon(const ck_weight_operands *o) {
  if (o->format == CK_WEIGHTS_FLOAT32)
    product_float32(o);
  else if (ck_has_neon_bf16())
    product_bf16(o);
  else
    product_halves(o);
}

#endif
