#include "CCUDA.h"
#include "libraries.h"

const char *ar1_cuda_open_driver(const char *folders, ar1_cuda_driver *table) {
  static const char *const names[] = {"libcuda.so.1", NULL};
  // In the order of the table.
  static const char *const symbols[] = {
    "cuInit", "cuGetErrorName", "cuGetErrorString", "cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceGet",
    "cuDeviceGetName", "cuDeviceTotalMem_v2", "cuDeviceGetAttribute", "cuDeviceGetDefaultMemPool",
    "cuMemPoolSetAttribute", "cuMemPoolTrimTo", "cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2",
    "cuCtxSetCurrent", "cuStreamCreate", "cuStreamSynchronize", "cuStreamDestroy_v2",
    "cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuGraphDestroy",
    "cuGraphExecDestroy", "cuMemGetInfo_v2", "cuMemHostAlloc", "cuMemFreeHost", "cuEventCreate", "cuEventRecord",
    "cuEventSynchronize", "cuEventDestroy_v2",
    "cuMemAllocAsync", "cuMemFreeAsync", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemcpyDtoDAsync_v2",
    "cuMemsetD8Async", "cuModuleLoadData", "cuModuleUnload", "cuModuleGetFunction", "cuFuncSetAttribute",
    "cuLaunchKernelEx",
    "cuDeviceGetPCIBusId",
  };
  _Static_assert(sizeof *table == sizeof symbols, "a symbol for every function of the table");
  return ar1_cuda_open_table(
      folders, names, "it comes with NVIDIA's driver, which nvidia-smi shows", symbols, AR1_COUNT(symbols),
      (void **)table);
}
