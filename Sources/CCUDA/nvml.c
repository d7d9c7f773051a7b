#include "CCUDA.h"
#include "libraries.h"

const char *ar1_cuda_open_nvml(const char *folders, ar1_nvml *table) {
  static const char *const names[] = {"libnvidia-ml.so.1", NULL};
  // In the order of the table.
  static const char *const symbols[] = {
    "nvmlInit_v2", "nvmlShutdown", "nvmlDeviceGetHandleByPciBusId_v2", "nvmlDeviceGetUtilizationRates",
    "nvmlDeviceGetMemoryInfo",
  };
  _Static_assert(sizeof *table == sizeof symbols, "a symbol for every function of the table");
  return ar1_cuda_open_table(
      folders, names, "it comes with NVIDIA's driver", symbols, AR1_COUNT(symbols), (void **)table);
}
