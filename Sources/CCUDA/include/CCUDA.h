#ifndef AR1_CUDA_H
#define AR1_CUDA_H

#include <stddef.h>
#include <stdint.h>

/// NVIDIA's libraries, opened when they are asked for: the program is built without them, and runs where they are not.
/// Each table holds the functions that are used, under the names and with the arguments NVIDIA documents. Handles are
/// pointers, addresses in a GPU's memory `uint64_t`, results 0 or an error number.

/// One of the things that a launch may ask for (CUlaunchAttribute); `value` is a union of 64 bytes.
typedef struct {
  int attribute;
  int padding;
  int value[16];
} ar1_cuda_launch_attribute;

/// How a kernel is launched (CUlaunchConfig).
typedef struct {
  unsigned grid[3], block[3], shared_bytes;
  void *_Nullable stream;
  ar1_cuda_launch_attribute *_Nullable attributes;
  unsigned attribute_count;
} ar1_cuda_launch;

/// The CUDA driver, libcuda.so.1, which comes with the kernel module.
typedef struct {
  int (*_Nonnull init)(unsigned flags);
  int (*_Nonnull error_name)(int error, const char *_Nullable *_Nonnull name);
  int (*_Nonnull error_string)(int error, const char *_Nullable *_Nonnull text);
  int (*_Nonnull driver_version)(int *_Nonnull version);
  int (*_Nonnull device_count)(int *_Nonnull count);
  int (*_Nonnull device)(int *_Nonnull device, int ordinal);
  int (*_Nonnull device_name)(char *_Nonnull name, int capacity, int device);
  int (*_Nonnull device_memory)(size_t *_Nonnull bytes, int device);
  int (*_Nonnull device_attribute)(int *_Nonnull value, int attribute, int device);
  int (*_Nonnull device_pool)(void *_Nullable *_Nonnull pool, int device);
  int (*_Nonnull pool_set)(void *_Nullable pool, int attribute, void *_Nonnull value);
  int (*_Nonnull pool_trim)(void *_Nullable pool, size_t keep);
  int (*_Nonnull context_retain)(void *_Nullable *_Nonnull context, int device);
  int (*_Nonnull context_release)(int device);
  int (*_Nonnull context_use)(void *_Nullable context);
  int (*_Nonnull stream_create)(void *_Nullable *_Nonnull stream, unsigned flags);
  int (*_Nonnull stream_wait)(void *_Nullable stream);
  int (*_Nonnull stream_destroy)(void *_Nullable stream);
  int (*_Nonnull stream_capture)(void *_Nullable stream, int mode);
  int (*_Nonnull stream_capture_end)(void *_Nullable stream, void *_Nullable *_Nonnull graph);
  int (*_Nonnull graph_make)(void *_Nullable *_Nonnull executable, void *_Nullable graph, unsigned long long flags);
  int (*_Nonnull graph_launch)(void *_Nullable executable, void *_Nullable stream);
  int (*_Nonnull graph_release)(void *_Nullable graph);
  int (*_Nonnull graph_executable_release)(void *_Nullable executable);
  int (*_Nonnull memory_free_and_total)(size_t *_Nonnull free, size_t *_Nonnull total);
  int (*_Nonnull host_allocate)(void *_Nullable *_Nonnull memory, size_t bytes, unsigned flags);
  int (*_Nonnull host_release)(void *_Nonnull memory);
  int (*_Nonnull event_create)(void *_Nullable *_Nonnull event, unsigned flags);
  int (*_Nonnull event_record)(void *_Nullable event, void *_Nullable stream);
  int (*_Nonnull event_wait)(void *_Nullable event);
  int (*_Nonnull event_destroy)(void *_Nullable event);
  int (*_Nonnull allocate)(uint64_t *_Nonnull address, size_t bytes, void *_Nullable stream);
  int (*_Nonnull release)(uint64_t address, void *_Nullable stream);
  int (*_Nonnull upload)(uint64_t target, const void *_Nonnull source, size_t bytes, void *_Nullable stream);
  int (*_Nonnull download)(void *_Nonnull target, uint64_t source, size_t bytes, void *_Nullable stream);
  int (*_Nonnull copy)(uint64_t target, uint64_t source, size_t bytes, void *_Nullable stream);
  int (*_Nonnull fill)(uint64_t target, unsigned char value, size_t bytes, void *_Nullable stream);
  int (*_Nonnull module_load)(void *_Nullable *_Nonnull module, const void *_Nonnull image);
  int (*_Nonnull module_unload)(void *_Nullable module);
  int (*_Nonnull module_function)(
      void *_Nullable *_Nonnull function, void *_Nullable module, const char *_Nonnull name);
  int (*_Nonnull function_set)(void *_Nullable function, int attribute, int value);
  int (*_Nonnull launch)(
      const ar1_cuda_launch *_Nonnull launch, void *_Nullable function, void *_Nullable *_Nullable parameters,
      void *_Nullable *_Nullable extra);
  int (*_Nonnull device_bus)(char *_Nonnull bus, int capacity, int device);
} ar1_cuda_driver;

/// The run-time compiler, libnvrtc.
typedef struct {
  const char *_Nonnull (*_Nonnull error_string)(int error);
  int (*_Nonnull version)(int *_Nonnull major, int *_Nonnull minor);
  int (*_Nonnull architecture_count)(int *_Nonnull count);
  int (*_Nonnull architectures)(int *_Nonnull architectures);
  int (*_Nonnull create)(
      void *_Nullable *_Nonnull program, const char *_Nonnull source, const char *_Nonnull name, int headers,
      const char *_Nonnull const *_Nullable header_sources, const char *_Nonnull const *_Nullable header_names);
  int (*_Nonnull compile)(void *_Nullable program, int count, const char *_Nonnull const *_Nullable options);
  int (*_Nonnull destroy)(void *_Nullable *_Nonnull program);
  int (*_Nonnull ptx_size)(void *_Nullable program, size_t *_Nonnull size);
  int (*_Nonnull ptx)(void *_Nullable program, char *_Nonnull ptx);
  int (*_Nonnull binary_size)(void *_Nullable program, size_t *_Nonnull size);
  int (*_Nonnull binary)(void *_Nullable program, char *_Nonnull binary);
  int (*_Nonnull log_size)(void *_Nullable program, size_t *_Nonnull size);
  int (*_Nonnull log)(void *_Nullable program, char *_Nonnull log);
} ar1_nvrtc;

/// cuBLAS's function that chooses how to compute a product; what it found and how much scratch memory that takes.
typedef struct {
  uint64_t algorithm[8];
  size_t workspace_bytes;
  int state;
  float waves;
  int reserved[4];
} ar1_cublaslt_heuristic;

/// Matrix products, libcublasLt.
typedef struct {
  int (*_Nonnull create)(void *_Nullable *_Nonnull handle);
  int (*_Nonnull destroy)(void *_Nullable handle);
  size_t (*_Nonnull version)(void);
  int (*_Nonnull product_create)(void *_Nullable *_Nonnull product, int compute_type, int scale_type);
  int (*_Nonnull product_set)(void *_Nullable product, int attribute, const void *_Nonnull value, size_t bytes);
  int (*_Nonnull product_destroy)(void *_Nullable product);
  int (*_Nonnull layout_create)(
      void *_Nullable *_Nonnull layout, int type, uint64_t rows, uint64_t columns, int64_t stride);
  int (*_Nonnull layout_destroy)(void *_Nullable layout);
  int (*_Nonnull preference_create)(void *_Nullable *_Nonnull preference);
  int (*_Nonnull preference_set)(
      void *_Nullable preference, int attribute, const void *_Nonnull value, size_t bytes);
  int (*_Nonnull preference_destroy)(void *_Nullable preference);
  int (*_Nonnull heuristic)(
      void *_Nullable handle, void *_Nullable product, void *_Nullable a, void *_Nullable b, void *_Nullable c,
      void *_Nullable d, void *_Nullable preference, int wanted, ar1_cublaslt_heuristic *_Nonnull results,
      int *_Nonnull found);
  int (*_Nonnull multiply)(
      void *_Nullable handle, void *_Nullable product, const void *_Nonnull alpha, uint64_t a,
      void *_Nullable a_layout, uint64_t b, void *_Nullable b_layout, const void *_Nonnull beta, uint64_t c,
      void *_Nullable c_layout, uint64_t d, void *_Nullable d_layout, const uint64_t *_Nonnull algorithm,
      uint64_t workspace, size_t workspace_bytes, void *_Nullable stream);
} ar1_cublaslt;

/// What NVML tells of a GPU: shares of time in per cent, and bytes.
typedef struct {
  unsigned computing;
  unsigned memory_traffic;
} ar1_nvml_utilization;
typedef struct {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
} ar1_nvml_memory;

/// NVIDIA's management library, libnvidia-ml.so.1, which comes with the driver. It may be asked from any thread.
typedef struct {
  int (*_Nonnull init)(void);
  int (*_Nonnull shutdown)(void);
  int (*_Nonnull device)(const char *_Nonnull bus, void *_Nullable *_Nonnull device);
  int (*_Nonnull utilization)(void *_Nonnull device, ar1_nvml_utilization *_Nonnull utilization);
  int (*_Nonnull memory)(void *_Nonnull device, ar1_nvml_memory *_Nonnull memory);
} ar1_nvml;

/// Each fills its table and returns NULL, or says in words what was not found. A library is looked for in `folders`
/// (absolute paths with colons between them), where the loader looks, and where NVIDIA's installer puts it; it stays open.
/// The text lives until the same function is called again on the same thread.
const char *_Nullable ar1_cuda_open_driver(const char *_Nonnull folders, ar1_cuda_driver *_Nonnull table);
const char *_Nullable ar1_cuda_open_nvrtc(const char *_Nonnull folders, ar1_nvrtc *_Nonnull table);
const char *_Nullable ar1_cuda_open_cublaslt(const char *_Nonnull folders, ar1_cublaslt *_Nonnull table);
const char *_Nullable ar1_cuda_open_nvml(const char *_Nonnull folders, ar1_nvml *_Nonnull table);

/// A CUDA C++ source that was put into the program when it was built.
typedef struct {
  const char *_Nonnull name;
  /// Ends with a zero byte.
  const char *_Nonnull text;
} ar1_cuda_source;

/// The first is the one to compile, the others are what it includes.
size_t ar1_cuda_source_count(void);
ar1_cuda_source ar1_cuda_source_at(size_t index);

#endif
