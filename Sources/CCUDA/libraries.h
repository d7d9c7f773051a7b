#ifndef AR1_CUDA_LIBRARIES_H
#define AR1_CUDA_LIBRARIES_H

#include <stddef.h>

/// Fills a table of function pointers with the symbols of the first library of `names` (ended by NULL) that can be
/// opened, in the order of both. Returns NULL, or in words what was not found.
const char *ar1_cuda_open_table(
    const char *folders, const char *const *names, const char *advice, const char *const *symbols, size_t count,
    void **table);

#define AR1_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
