#include "libraries.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Thread_local char problem[1024];
/// Why a library that is there was not opened; empty where none is.
static _Thread_local char refusal[600];

static void *open_in(const char *folder, size_t length, const char *name) {
  char path[4096];
  int written = snprintf(path, sizeof path, "%.*s/%s", (int)length, folder, name);
  if (written <= 0 || (size_t)written >= sizeof path) return NULL;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library && !*refusal && access(path, F_OK) == 0) {
    const char *reason = dlerror();
    snprintf(refusal, sizeof refusal, "%s", reason ? reason : path);
  }
  return library;
}

static void *open_library(const char *folders, const char *const *names) {
  static const char *const installed[] = {"/usr/local/cuda/lib64", "/usr/lib/wsl/lib"};
  for (const char *start = folders; *start;) {
    size_t length = strcspn(start, ":");
    for (const char *const *name = names; *name && length; ++name) {
      void *library = open_in(start, length, *name);
      if (library) return library;
    }
    start += length + (start[length] == ':');
  }
  for (const char *const *name = names; *name; ++name) {
    void *library = dlopen(*name, RTLD_NOW | RTLD_LOCAL);
    if (library) return library;
  }
  for (size_t i = 0; i < sizeof installed / sizeof *installed; ++i) {
    for (const char *const *name = names; *name; ++name) {
      void *library = open_in(installed[i], strlen(installed[i]), *name);
      if (library) return library;
    }
  }
  return NULL;
}

const char *ar1_cuda_open_table(
    const char *folders, const char *const *names, const char *advice, const char *const *symbols, size_t count,
    void **table) {
  *refusal = 0;
  void *library = open_library(folders, names);
  if (!library) {
    if (*refusal)
      snprintf(problem, sizeof problem, "%s cannot be opened: %s", names[0], refusal);
    else
      snprintf(problem, sizeof problem, "%s was not found; %s", names[0], advice);
    return problem;
  }
  for (size_t i = 0; i < count; ++i) {
    table[i] = dlsym(library, symbols[i]);
    if (table[i]) continue;
    snprintf(problem, sizeof problem, "%s lacks the function %s: it is too old; %s", names[0], symbols[i], advice);
    return problem;
  }
  return NULL;
}
