// What NVIDIA's management library (NVML) says of the GPUs. It is opened when asked for, so that the same program runs
// where there is none.
#include "CPlatform.h"

#include <dlfcn.h>
#include <pthread.h>

typedef void *nvml_device;
typedef struct {
  unsigned long long total, free, used;
} nvml_memory;

static struct {
  int (*init)(void);
  int (*count)(unsigned int *);
  int (*device)(unsigned int, nvml_device *);
  int (*name)(nvml_device, char *, unsigned int);
  int (*memory)(nvml_device, nvml_memory *);
  bool is_open;
} nvml;
static pthread_once_t nvml_once = PTHREAD_ONCE_INIT;

static void open_nvml(void) {
  void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  *(void **)&nvml.init = dlsym(library, "nvmlInit_v2");
  *(void **)&nvml.count = dlsym(library, "nvmlDeviceGetCount_v2");
  *(void **)&nvml.device = dlsym(library, "nvmlDeviceGetHandleByIndex_v2");
  *(void **)&nvml.name = dlsym(library, "nvmlDeviceGetName");
  *(void **)&nvml.memory = dlsym(library, "nvmlDeviceGetMemoryInfo");
  nvml.is_open = nvml.init && nvml.count && nvml.device && nvml.name && nvml.memory && nvml.init() == 0;
}

int ar1_gpu_count(void) {
  pthread_once(&nvml_once, open_nvml);
  unsigned int count = 0;
  return nvml.is_open && nvml.count(&count) == 0 ? (int)count : 0;
}

bool ar1_gpu_describe(int index, char *name, size_t name_capacity, uint64_t *memory_bytes) {
  pthread_once(&nvml_once, open_nvml);
  nvml_device device;
  nvml_memory memory;
  if (!nvml.is_open || index < 0 || nvml.device((unsigned int)index, &device) != 0) return false;
  if (nvml.name(device, name, (unsigned int)name_capacity) != 0) return false;
  if (nvml.memory(device, &memory) != 0) return false;
  *memory_bytes = memory.total;
  return true;
}
