// NVML's functions: what the device tells of its use. They know it by its place on the bus only.
#include "management.h"
#include "SoftwareDevice.h"
#include "memory.h"

#include <atomic>
#include <cstring>

enum { success = 0, uninitialized = 1, not_found = 6 };

static std::atomic<int> users = 0;
static std::atomic<bool> has_worked = false;
static char the_device;

void management::note_work() { has_worked = true; }

struct Utilization {
  unsigned computing, memory_traffic;
};
struct Memory {
  unsigned long long total, free, used;
};

extern "C" {

int nvmlInit_v2(void) { return ++users, success; }
int nvmlShutdown(void) { return users > 0 ? (--users, success) : uninitialized; }

int nvmlDeviceGetHandleByPciBusId_v2(const char *bus, void **device) {
  if (users == 0) return uninitialized;
  return strcmp(bus, SOFTWARE_DEVICE_BUS) == 0 ? (*device = &the_device, success) : not_found;
}

/// Busy all the time when it has computed since the last question.
int nvmlDeviceGetUtilizationRates(void *device, Utilization *rates) {
  if (users == 0 || device != &the_device) return uninitialized;
  *rates = {has_worked.exchange(false) ? 100u : 0u, 0u};
  return success;
}

int nvmlDeviceGetMemoryInfo(void *device, Memory *info) {
  if (users == 0 || device != &the_device) return uninitialized;
  size_t used = memory::used();
  *info = {memory::total, memory::total - used, used};
  return success;
}

}  // extern "C"
