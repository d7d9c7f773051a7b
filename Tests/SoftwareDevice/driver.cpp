// The CUDA driver's functions. Everything is done when a call returns; streams keep no order because none is needed.
#include "SoftwareDevice.h"
#include "capture.h"
#include "fibers.h"
#include "kernels.h"
#include "management.h"
#include "memory.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <unistd.h>
#include <vector>

enum {
  success = 0,
  invalid_value = 1,
  out_of_memory = 2,
  invalid_device = 101,
  invalid_image = 200,
  not_found = 500,
  launch_failed = 719,
  not_while_recording = 900
};

static std::mutex one_at_a_time;
#define ONE_AT_A_TIME std::lock_guard<std::mutex> lock(one_at_a_time)

/// A graph is what was recorded, an executable one a copy.
using Graph = std::vector<std::function<int()>>;
static thread_local Graph *recording = nullptr;

int do_or_record(std::function<int()> work) {
  if (!recording) return work();
  recording->push_back(std::move(work));
  return success;
}

/// As long as the file exists that SOFTWARE_DEVICE_BROKEN names, nothing can be computed.
static bool is_broken() {
  const char *path = getenv("SOFTWARE_DEVICE_BROKEN");
  return path && access(path, F_OK) == 0;
}

/// Shared memory that a block may have: SOFTWARE_DEVICE_BLOCK_MEMORY, or as an H100's.
static int block_memory() {
  const char *bytes = getenv("SOFTWARE_DEVICE_BLOCK_MEMORY");
  return bytes ? atoi(bytes) : 227 << 10;
}

extern "C" {

int cuInit(unsigned flags) { return flags == 0 ? success : invalid_value; }

int cuGetErrorName(int error, const char **name) {
  *name = error == out_of_memory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_OF_THE_SOFTWARE_DEVICE";
  return success;
}

int cuGetErrorString(int error, const char **text) {
  switch (error) {
  case out_of_memory: *text = "out of memory"; break;
  case not_found: *text = "named symbol not found"; break;
  case launch_failed: *text = "threads wait for others that never come"; break;
  default: *text = "a call with wrong arguments"; break;
  }
  return success;
}

int cuDriverGetVersion(int *version) { return *version = 1, success; }
int cuDeviceGetCount(int *count) { return *count = 1, success; }
int cuDeviceGet(int *device, int ordinal) { return ordinal == 0 ? (*device = 0, success) : invalid_device; }
int cuDeviceGetName(char *name, int capacity, int) {
  return snprintf(name, (size_t)capacity, "%s", SOFTWARE_DEVICE_NAME), success;
}
int cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = memory::total, success; }

int cuDeviceGetAttribute(int *value, int attribute, int) {
  switch (attribute) {
  case 16: *value = 4; return success;            // multiprocessors
  case 75: *value = 9; return success;            // compute capability 9.0
  case 76: *value = 0; return success;
  case 97: *value = block_memory(); return success; // shared memory of a block
  case 115: *value = 1; return success;           // memory pools
  default: return invalid_value;
  }
}

int cuDeviceGetDefaultMemPool(void **pool, int) { return *pool = &one_at_a_time, success; }
int cuMemPoolSetAttribute(void *, int attribute, void *) { return attribute == 4 ? success : invalid_value; }
int cuMemPoolTrimTo(void *, size_t) { return success; }
int cuDevicePrimaryCtxRetain(void **context, int) { return *context = &one_at_a_time, success; }
int cuDevicePrimaryCtxRelease_v2(int) { return success; }
int cuCtxSetCurrent(void *context) { return context ? success : invalid_value; }
int cuStreamCreate(void **stream, unsigned) {
  return is_broken() ? launch_failed : (*stream = &one_at_a_time, success);
}
int cuStreamSynchronize(void *) { return recording ? not_while_recording : success; }
int cuStreamBeginCapture_v2(void *, int) { return recording ? invalid_value : (recording = new Graph, success); }
int cuStreamEndCapture(void *, void **graph) {
  if (!recording) return invalid_value;
  *graph = recording;
  return recording = nullptr, success;
}
int cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long) {
  return *executable = new Graph(*(Graph *)graph), success;
}
int cuGraphLaunch(void *executable, void *) {
  for (const auto &work : *(Graph *)executable)
    if (int problem = work()) return problem;
  return success;
}
int cuGraphDestroy(void *graph) { return delete (Graph *)graph, success; }
int cuGraphExecDestroy(void *executable) { return delete (Graph *)executable, success; }
int cuStreamDestroy_v2(void *) { return success; }

int cuMemGetInfo_v2(size_t *free, size_t *total) {
  ONE_AT_A_TIME;
  *total = memory::total;
  *free = memory::total - memory::used();
  return success;
}

int cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) {
  if (flags != 0 || bytes == 0) return invalid_value;
  return (*memory = malloc(bytes)) ? success : out_of_memory;
}
int cuMemFreeHost(void *memory) { return free(memory), success; }
int cuEventCreate(void **event, unsigned) { return *event = &one_at_a_time, success; }
int cuEventRecord(void *, void *) { return recording ? not_while_recording : success; }
int cuEventSynchronize(void *) { return recording ? not_while_recording : success; }
int cuEventDestroy_v2(void *) { return success; }

int cuMemAllocAsync(uint64_t *address, size_t bytes, void *) {
  ONE_AT_A_TIME;
  if (recording) return not_while_recording;
  return (*address = memory::allocate(bytes)) ? success : out_of_memory;
}

int cuMemFreeAsync(uint64_t address, void *) {
  ONE_AT_A_TIME;
  return memory::release(address) ? success : invalid_value;
}

int cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, void *) {
  if (recording) return not_while_recording;
  return memcpy((void *)target, source, bytes), success;
}
int cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, void *) {
  if (recording) return not_while_recording;
  return memcpy(target, (const void *)source, bytes), success;
}
int cuMemcpyDtoDAsync_v2(uint64_t target, uint64_t source, size_t bytes, void *) {
  return do_or_record([=] { return memcpy((void *)target, (const void *)source, bytes), success; });
}
int cuMemsetD8Async(uint64_t target, unsigned char value, size_t bytes, void *) {
  return do_or_record([=] { return memset((void *)target, value, bytes), success; });
}

int cuModuleLoadData(void **module, const void *image) {
  if (strcmp((const char *)image, SOFTWARE_DEVICE_NAME) != 0) return invalid_image;
  return *module = &one_at_a_time, success;
}
int cuModuleUnload(void *) { return success; }

int cuModuleGetFunction(void **function, void *, const char *name) {
  const HostKernel *kernel = find_kernel(name);
  return kernel ? (*function = (void *)kernel, success) : not_found;
}

int cuFuncSetAttribute(void *, int attribute, int value) {
  return (attribute == 8 && value <= block_memory()) || (attribute == 9 && value <= 100) ? success : invalid_value;
}

/// CUlaunchConfig, of whose attributes one is known: that the kernel may begin before the one before it has ended.
struct Launch {
  unsigned grid[3], block[3], shared_bytes;
  void *stream;
  const int *attributes;
  unsigned attribute_count;
};

int cuLaunchKernelEx(const Launch *launch, void *function, void **parameters, void **extra) {
  const unsigned *grid = launch->grid, *block = launch->block;
  unsigned grid_x = grid[0], grid_y = grid[1], grid_z = grid[2], block_x = block[0], block_y = block[1], block_z = block[2];
  unsigned shared_bytes = launch->shared_bytes;
  if (extra || grid_x == 0 || grid_y == 0 || grid_z == 0 || grid_y > 65535 || grid_z > 65535) return invalid_value;
  if (launch->attribute_count > 1 || (launch->attribute_count == 1 && launch->attributes[0] != 6)) return invalid_value;
  if (is_broken()) return launch_failed;
  management::note_work();
  const HostKernel *kernel = (const HostKernel *)function;
  std::vector<uint64_t> values(kernel->count);
  for (size_t i = 0; i < kernel->count; ++i) memcpy(&values[i], parameters[i], kernel->sizes[i]);
  return do_or_record([=]() mutable {
    ONE_AT_A_TIME;
    std::vector<void *> places;
    for (uint64_t &value : values) places.push_back(&value);
    bool met = fibers::run(
        {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes, kernel->call, kernel->function,
        places.data());
    return met ? (int)success : (int)launch_failed;
  });
}

int cuDeviceGetPCIBusId(char *bus, int capacity, int) {
  return snprintf(bus, (size_t)capacity, "%s", SOFTWARE_DEVICE_BUS) < capacity ? success : invalid_value;
}

}  // extern "C"
