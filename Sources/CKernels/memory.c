/// Settings of the C library's allocator, and reading mapped files ahead of their use.
#define _GNU_SOURCE
#include "CKernels.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__GLIBC__)
#include <malloc.h>

void ck_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most it accepts
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

#else

void ck_keep_freed_memory(void) {}

#endif

#if defined(__linux__)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/// Refusals are no errors: all of it is advice.
static void advise(ck_range range, int advice) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)range.start / page * page;
  madvise((void *)start, (uintptr_t)range.start + range.bytes - start, advice);
}

void ck_prefer_large_pages(const void *start, size_t bytes) {
  advise((ck_range){start, bytes}, MADV_HUGEPAGE);
}

/// Ranges, the last one empty.
static void *read_ranges(void *ranges) {
  for (const ck_range *range = ranges; range->bytes > 0; range++) advise(*range, MADV_HUGEPAGE);
  for (const ck_range *range = ranges; range->bytes > 0; range++) advise(*range, MADV_POPULATE_READ);
  free(ranges);
  return NULL;
}

void ck_read_ahead(const ck_range *ranges, size_t count) {
  ck_range *copy = calloc(count + 1, sizeof *copy);
  if (!copy) return;
  memcpy(copy, ranges, count * sizeof *copy);
  pthread_t thread;
  if (pthread_create(&thread, NULL, read_ranges, copy) == 0)
    pthread_detach(thread);
  else
    free(copy);
}

#else

void ck_prefer_large_pages(const void *start, size_t bytes) {
  (void)start;
  (void)bytes;
}

void ck_read_ahead(const ck_range *ranges, size_t count) {
  (void)ranges;
  (void)count;
}

#endif
