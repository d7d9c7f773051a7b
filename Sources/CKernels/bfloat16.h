/// Private: bfloat16 values at any alignment.
#ifndef CK_BFLOAT16_H
#define CK_BFLOAT16_H

#include "dispatch.h"

CK_INLINE float ck_from_bf16(const void *source) {
  uint16_t half;
  memcpy(&half, source, 2);
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/// Round to nearest even; NaN stays NaN.
CK_INLINE uint16_t ck_to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  uint32_t quiet = (bits >> 16) | 0x40u;  // rounding could carry a NaN into infinity
  return (uint16_t)((bits & 0x7FFFFFFFu) > 0x7F800000u ? quiet : rounded);
}

#endif
