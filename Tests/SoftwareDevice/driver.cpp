// The CUDA driver's functions. Everything is done when a call returns, but for the last kernel of a stream.
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
  read_too_early = 720,
  not_while_recording = 900
};

static std::mutex one_at_a_time;
#define ONE_AT_A_TIME std::lock_guard<std::mutex> lock(one_at_a_time)

/// A graph is what was recorded, an executable one a copy.
using Graph = std::vector<std::function<int()>>;
static thread_local Graph *recording = nullptr;

int Stream::finish() {
  if (!held) return success;
  std::function<int()> work = std::move(held);
  held = nullptr;
  return work();
}

static int finish(void *stream) { return ((Stream *)stream)->finish(); }

static int record(std::function<int()> work) {
  if (!recording) return work();
  recording->push_back(std::move(work));
  return success;
}

int do_or_record(void *stream, std::function<int()> work) {
  return record([stream, work = std::move(work)] {
    int problem = finish(stream);
    return problem ? problem : work();
  });
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

/// One to compute on, and one that is too old for that.
enum { the_device, old_device, device_count };

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
  case read_too_early: *text = "a kernel has read what the one in front of it writes before that had ended"; break;
  default: *text = "a call with wrong arguments"; break;
  }
  return success;
}

int cuDriverGetVersion(int *version) { return *version = 1, success; }
int cuDeviceGetCount(int *count) { return *count = device_count, success; }
int cuDeviceGet(int *device, int ordinal) {
  return ordinal >= 0 && ordinal < device_count ? (*device = ordinal, success) : invalid_device;
}
int cuDeviceGetName(char *name, int capacity, int) {
  return snprintf(name, (size_t)capacity, "%s", SOFTWARE_DEVICE_NAME), success;
}
int cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = memory::total, success; }

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  switch (attribute) {
  case 16: *value = 4; return success;            // multiprocessors
  case 75: *value = device == old_device ? 7 : 9; return success; // compute capability 9.0
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
  return is_broken() ? launch_failed : (*stream = new Stream, success);
}
int cuStreamSynchronize(void *stream) { return recording ? not_while_recording : finish(stream); }
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
int cuStreamDestroy_v2(void *stream) { return delete (Stream *)stream, success; }

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
int cuEventRecord(void *, void *stream) { return recording ? not_while_recording : finish(stream); }
int cuEventSynchronize(void *) { return recording ? not_while_recording : success; }
int cuEventDestroy_v2(void *) { return success; }

int cuMemAllocAsync(uint64_t *address, size_t bytes, void *) {
  ONE_AT_A_TIME;
  if (recording) return not_while_recording;
  return (*address = memory::allocate(bytes)) ? success : out_of_memory;
}

int cuMemFreeAsync(uint64_t address, void *stream) {
  int problem = finish(stream);
  ONE_AT_A_TIME;
  return !memory::release(address) ? invalid_value : problem;
}

static int copy_now(void *target, const void *source, size_t bytes, void *stream) {
  if (recording) return not_while_recording;
  int problem = finish(stream);
  return memcpy(target, source, bytes), problem;
}
int cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, void *stream) {
  return copy_now((void *)target, source, bytes, stream);
}
int cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, void *stream) {
  return copy_now(target, (const void *)source, bytes, stream);
}
int cuMemcpyDtoDAsync_v2(uint64_t target, uint64_t source, size_t bytes, void *stream) {
  return do_or_record(stream, [=] { return memcpy((void *)target, (const void *)source, bytes), success; });
}
int cuMemsetD8Async(uint64_t target, unsigned char value, size_t bytes, void *stream) {
  return do_or_record(stream, [=] { return memset((void *)target, value, bytes), success; });
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
  if (extra || grid[0] == 0 || grid[1] == 0 || grid[2] == 0 || grid[1] > 65535 || grid[2] > 65535) return invalid_value;
  if (launch->attribute_count > 1 || (launch->attribute_count == 1 && launch->attributes[0] != 6)) return invalid_value;
  if (is_broken()) return launch_failed;
  management::note_work();
  const HostKernel *kernel = (const HostKernel *)function;
  std::vector<uint64_t> values(kernel->count);
  for (size_t i = 0; i < kernel->count; ++i) memcpy(&values[i], parameters[i], kernel->sizes[i]);
  fibers::Grid shape = {
      {grid[0], grid[1], grid[2]}, {block[0], block[1], block[2]}, launch->shared_bytes, kernel->call, kernel->function,
      nullptr};
  // With its arguments, which lie where it is called from.
  auto with_grid = [shape, values](auto body) mutable {
    std::vector<void *> places;
    for (uint64_t &value : values) places.push_back(&value);
    shape.parameters = places.data();
    ONE_AT_A_TIME;
    return body(shape);
  };
  Stream *stream = (Stream *)launch->stream;
  bool may_begin_early = launch->attribute_count == 1;
  return record([=]() mutable {
    fibers::EarlyCopies early;
    bool has_begun = may_begin_early && stream->held;
    if (has_begun) early = with_grid(fibers::look_ahead);
    int problem = stream->finish();
    stream->held = [=]() mutable {
      switch (with_grid([&](const fibers::Grid &grid) { return fibers::run(grid, has_begun ? &early : nullptr); })) {
      case fibers::Outcome::done: return (int)success;
      case fibers::Outcome::waits_for_ever: return (int)launch_failed;
      case fibers::Outcome::read_too_early: return (int)read_too_early;
      }
      return (int)launch_failed;
    };
    return problem;
  });
}

int cuDeviceGetPCIBusId(char *bus, int capacity, int) {
  return snprintf(bus, (size_t)capacity, "%s", SOFTWARE_DEVICE_BUS) < capacity ? success : invalid_value;
}

}  // extern "C"
