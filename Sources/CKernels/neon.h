/// Private: what the kernels for arm64 share.
#ifndef CK_NEON_H
#define CK_NEON_H

#include "dispatch.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#if defined(__linux__)
#include <sys/auxv.h>

// As in the kernel's asm/hwcap.h, which older systems have without the second.
#define CK_HWCAP_ASIMDDP (1ul << 20)
#define CK_HWCAP2_BF16 (1ul << 14)

CK_INLINE bool ck_has_neon_dot(void) { return getauxval(AT_HWCAP) & CK_HWCAP_ASIMDDP; }
CK_INLINE bool ck_has_neon_bf16(void) { return getauxval(AT_HWCAP2) & CK_HWCAP2_BF16; }

#else

/// What the compiler may use anyway.
CK_INLINE bool ck_has_neon_dot(void) {
#if defined(__ARM_FEATURE_DOTPROD)
  return true;
#else
  return false;
#endif
}

CK_INLINE bool ck_has_neon_bf16(void) {
#if defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
  return true;
#else
  return false;
#endif
}

#endif
#endif
#endif
