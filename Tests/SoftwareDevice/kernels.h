// The program's kernels, compiled for the host.
#pragma once

#include <cstddef>

struct HostKernel {
  const char *name;
  void *function;
  /// Calls `function` with arguments that lie where the pointers say.
  void (*call)(void *function, void **parameters);
  /// Of the arguments, none of which has more than 8 bytes.
  const size_t *sizes;
  size_t count;
};

/// Null for a name that is no kernel's.
const HostKernel *find_kernel(const char *name);
