/// Number formats of weight files to and from float32.
#include "bfloat16.h"

CK_CLONES void ck_bf16_to_f32(const void *source, float *target, size_t count) {
  const uint8_t *bytes = source;  // a file's tensors need not be aligned
  for (size_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, bytes + 2 * i, 2);
    uint32_t bits = (uint32_t)half << 16;
    memcpy(target + i, &bits, 4);
  }
}

CK_CLONES void ck_f32_to_bf16(const float *source, void *target, size_t count) {
  uint8_t *bytes = target;
  for (size_t i = 0; i < count; i++) {
    uint16_t half = ck_to_bf16(source[i]);
    memcpy(bytes + 2 * i, &half, 2);
  }
}

CK_CLONES void ck_round_to_bf16(float *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = (uint32_t)ck_to_bf16(x[i]) << 16;
    memcpy(x + i, &bits, 4);
  }
}

CK_CLONES void ck_f16_to_f32(const void *source, float *target, size_t count) {
  const uint8_t *bytes = source;
  for (size_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, bytes + 2 * i, 2);
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t magnitude = half & 0x7FFFu;
    // Exponent rebias by multiplication handles subnormals without branches.
    uint32_t shifted = magnitude << 13;
    float value;
    memcpy(&value, &shifted, 4);
    value *= 0x1p112f;
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if (magnitude >= 0x7C00u) bits = 0x7F800000u | ((magnitude & 0x3FFu) << 13);
    bits |= sign;
    memcpy(target + i, &bits, 4);
  }
}
