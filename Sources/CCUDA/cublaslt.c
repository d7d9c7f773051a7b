#include "CCUDA.h"
#include "libraries.h"

const char *ar1_cuda_open_cublaslt(const char *folders, ar1_cublaslt *table) {
  static const char *const names[] = {"libcublasLt.so.12", "libcublasLt.so.13", "libcublasLt.so", NULL};
  // In the order of the table.
  static const char *const symbols[] = {
    "cublasLtCreate", "cublasLtDestroy", "cublasLtGetVersion", "cublasLtMatmulDescCreate",
    "cublasLtMatmulDescSetAttribute", "cublasLtMatmulDescDestroy", "cublasLtMatrixLayoutCreate",
    "cublasLtMatrixLayoutDestroy", "cublasLtMatmulPreferenceCreate", "cublasLtMatmulPreferenceSetAttribute",
    "cublasLtMatmulPreferenceDestroy", "cublasLtMatmulAlgoGetHeuristic", "cublasLtMatmul",
  };
  _Static_assert(sizeof *table == sizeof symbols, "a symbol for every function of the table");
  return ar1_cuda_open_table(
      folders, names,
      "install CUDA 12's cuBLAS (pip install nvidia-cublas-cu12) and put its folder into AR1_CUDA_LIBRARIES",
      symbols, AR1_COUNT(symbols), (void **)table);
}
