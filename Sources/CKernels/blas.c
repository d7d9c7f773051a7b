/// OpenBLAS picks its kernels by the processor's model number, and an older OpenBLAS on a newer processor
/// falls back to the oldest ones, at a fifth of the speed. This looks at the instruction sets instead. (With
/// AVX-512 sgemm.c takes its place.)
#define _GNU_SOURCE
#include "CKernels.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)

/// The kernels of OpenBLAS that make use of neither AVX2 nor anything later.
static int is_fallback(const char *core) {
  static const char *const names[] = {"Prescott", "Core2", "Penryn", "Nehalem", "Generic", "Unknown"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(core, names[i]) == 0) return 1;
  return 0;
}

void ck_choose_blas_kernels(void) {
  if (getenv("OPENBLAS_CORETYPE")) return;  // the user's choice
  // Only builds with run-time detection have these; without them there is nothing to choose.
  char *(*core)(void) = (char *(*)(void))dlsym(RTLD_DEFAULT, "openblas_get_corename");
  void (*quit)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
  void (*init)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
  if (!core || !quit || !init || !is_fallback(core())) return;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
  setenv("OPENBLAS_CORETYPE", "Haswell", 1);
  quit();
  init();
  unsetenv("OPENBLAS_CORETYPE");
}

#else

void ck_choose_blas_kernels(void) {}

#endif
