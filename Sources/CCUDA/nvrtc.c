#include "CCUDA.h"
#include "libraries.h"

const char *ar1_cuda_open_nvrtc(const char *folders, ar1_nvrtc *table) {
  static const char *const names[] = {"libnvrtc.so.12", "libnvrtc.so.13", "libnvrtc.so", NULL};
  // In the order of the table.
  static const char *const symbols[] = {
    "nvrtcGetErrorString", "nvrtcVersion", "nvrtcGetNumSupportedArchs", "nvrtcGetSupportedArchs",
    "nvrtcCreateProgram", "nvrtcCompileProgram", "nvrtcDestroyProgram", "nvrtcGetPTXSize", "nvrtcGetPTX",
    "nvrtcGetCUBINSize", "nvrtcGetCUBIN", "nvrtcGetProgramLogSize", "nvrtcGetProgramLog",
  };
  _Static_assert(sizeof *table == sizeof symbols, "a symbol for every function of the table");
  return ar1_cuda_open_table(
      folders, names,
      "install CUDA 12's run-time compiler (pip install nvidia-cuda-nvrtc-cu12) and put its folder into "
      "AR1_CUDA_LIBRARIES",
      symbols, AR1_COUNT(symbols), (void **)table);
}
