// The run-time compiler's functions: the kernels are in this library already, compiled from the same sources.
#include "SoftwareDevice.h"

#include <cstdlib>
#include <cstring>

extern "C" {

const char *nvrtcGetErrorString(int) { return "a call with wrong arguments"; }
int nvrtcVersion(int *major, int *minor) { return *major = 0, *minor = 1, 0; }
int nvrtcGetNumSupportedArchs(int *count) { return *count = 2, 0; }
int nvrtcGetSupportedArchs(int *architectures) { return architectures[0] = 80, architectures[1] = 90, 0; }

int nvrtcCreateProgram(
    void **program, const char *source, const char *, int headers, const char *const *header_sources,
    const char *const *header_names) {
  // What the source includes has to be there, as it has to be for the compiler.
  for (const char *line = source; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : nullptr) {
    if (strncmp(line, "#include \"", 10) != 0) continue;
    size_t length = strcspn(line + 10, "\"");
    bool found = false;
    for (int i = 0; i < headers; ++i)
      found = found || (strlen(header_names[i]) == length && !strncmp(header_names[i], line + 10, length) && *header_sources[i]);
    if (!found) return 3;
  }
  *program = malloc(1);
  return 0;
}

int nvrtcCompileProgram(void *, int, const char *const *) { return 0; }
int nvrtcDestroyProgram(void **program) { return free(*program), *program = nullptr, 0; }
int nvrtcGetPTXSize(void *, size_t *size) { return *size = sizeof SOFTWARE_DEVICE_NAME, 0; }
int nvrtcGetPTX(void *, char *ptx) { return memcpy(ptx, SOFTWARE_DEVICE_NAME, sizeof SOFTWARE_DEVICE_NAME), 0; }
int nvrtcGetCUBINSize(void *, size_t *size) { return *size = sizeof SOFTWARE_DEVICE_NAME, 0; }
int nvrtcGetCUBIN(void *, char *binary) { return memcpy(binary, SOFTWARE_DEVICE_NAME, sizeof SOFTWARE_DEVICE_NAME), 0; }
int nvrtcGetProgramLogSize(void *, size_t *size) { return *size = 1, 0; }
int nvrtcGetProgramLog(void *, char *log) { return *log = 0, 0; }

}  // extern "C"
