#ifndef SOFTWARE_DEVICE_H
#define SOFTWARE_DEVICE_H

/// A device in software for the tests: the functions of libcuda, libnvrtc, libcublasLt and NVML that the program opens, in
/// one library. Its kernels are the program's own CUDA sources, compiled for the host; the threads of a block are fibers that
/// meet at barriers and exchange values within warps.
///
/// What agrees with the CPU backend on it shows the kernels' indexing, synchronisation and arithmetic, the order of
/// launches and the arguments of every call. It says nothing of speed, of the compiler for GPUs, or of NVIDIA's libraries.

/// The name it gives itself.
#define SOFTWARE_DEVICE_NAME "software device"
/// Its place on the bus.
#define SOFTWARE_DEVICE_BUS "0000:07:00.0"

#endif
