#include "CMPI.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// Open MPI's types: handles are pointers to objects the library exports by name.
typedef struct ompi_communicator_t *communicator;
typedef struct ompi_datatype_t *datatype;
typedef struct ompi_op_t *operation;
typedef struct ompi_request_t *request;

enum { thread_serialized = 2, largest_part = 1 << 28 };

static struct {
  int (*init_thread)(int *, char ***, int, int *);
  int (*initialized)(int *);
  int (*rank)(communicator, int *);
  int (*size)(communicator, int *);
  int (*reduce)(const void *, void *, int, datatype, operation, int, communicator);
  int (*broadcast)(void *, int, datatype, int, communicator);
  int (*start_broadcast)(void *, int, datatype, int, communicator, request *);
  int (*test)(request *, int *, void *);
  int (*finalize)(void);
  int (*abort)(communicator, int);
  communicator world;
  datatype floats, doubles, bytes;
  operation sum;
  int own;
} mpi;

static const char *open_library(void) {
  if (mpi.init_thread) return NULL;
  // Its own plug-ins look for its symbols, so they are made visible to all.
  void *library = dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL);
  if (!library) return "Open MPI's library libmpi.so.40 cannot be opened; on Debian and Ubuntu: apt install openmpi-bin";
  struct { const char *name; void *place; } symbols[] = {
    {"MPI_Initialized", &mpi.initialized}, {"MPI_Comm_rank", &mpi.rank}, {"MPI_Comm_size", &mpi.size},
    {"MPI_Reduce", &mpi.reduce}, {"MPI_Bcast", &mpi.broadcast}, {"MPI_Ibcast", &mpi.start_broadcast},
    {"MPI_Test", &mpi.test}, {"MPI_Finalize", &mpi.finalize}, {"MPI_Abort", &mpi.abort},
    {"ompi_mpi_comm_world", &mpi.world}, {"ompi_mpi_float", &mpi.floats}, {"ompi_mpi_double", &mpi.doubles},
    {"ompi_mpi_byte", &mpi.bytes}, {"ompi_mpi_op_sum", &mpi.sum}, {"MPI_Init_thread", &mpi.init_thread},
  };
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; ++i) {
    void *found = dlsym(library, symbols[i].name);
    if (!found) {
      mpi.init_thread = NULL;
      return "libmpi.so.40 is not Open MPI's: it lacks a symbol this program needs";
    }
    *(void **)symbols[i].place = found;
  }
  return NULL;
}

const char *ar1_mpi_start(int *rank, int *size) {
  const char *problem = open_library();
  if (problem) return problem;
  int started = 0, provided = 0;
  if (mpi.initialized(&started) != 0) return "MPI does not say whether it has been started";
  if (!started && mpi.init_thread(NULL, NULL, thread_serialized, &provided) != 0) return "MPI could not be started";
  if (!started && provided < thread_serialized) return "this MPI was built without support for threads";
  if (mpi.rank(mpi.world, &mpi.own) != 0 || mpi.size(mpi.world, size) != 0) return "MPI does not tell rank and size";
  *rank = mpi.own;
  return NULL;
}

// Reducing to one rank and handing that out gives all the same bits, which MPI_Allreduce does not promise.
static int sum(char *values, size_t count, size_t width, datatype type) {
  for (size_t start = 0; start < count; start += largest_part) {
    int part = (int)(count - start < largest_part ? count - start : largest_part);
    char *place = values + start * width;
    const void *in_place = (const void *)1;  // MPI_IN_PLACE
    int code = mpi.own == 0 ? mpi.reduce(in_place, place, part, type, mpi.sum, 0, mpi.world)
                            : mpi.reduce(place, NULL, part, type, mpi.sum, 0, mpi.world);
    if (code == 0) code = mpi.broadcast(place, part, type, 0, mpi.world);
    if (code != 0) return code;
  }
  return 0;
}

int ar1_mpi_sum_floats(float *values, size_t count) {
  return sum((char *)values, count, sizeof *values, mpi.floats);
}

int ar1_mpi_sum_doubles(double *values, size_t count) {
  return sum((char *)values, count, sizeof *values, mpi.doubles);
}

int ar1_mpi_broadcast(void *bytes, size_t count, unsigned microseconds) {
  for (size_t start = 0; start < count; start += largest_part) {
    int part = (int)(count - start < largest_part ? count - start : largest_part);
    request pending = NULL;
    int code = mpi.start_broadcast((char *)bytes + start, part, mpi.bytes, 0, mpi.world, &pending);
    int done = 0;
    while (code == 0 && !done) {
      code = mpi.test(&pending, &done, NULL);  // NULL is MPI_STATUS_IGNORE
      if (code == 0 && !done && microseconds) usleep(microseconds);
    }
    if (code != 0) return code;
  }
  return 0;
}

void ar1_mpi_stop(void) {
  if (mpi.finalize) mpi.finalize();
}

void ar1_mpi_abort(int code) {
  if (mpi.abort) mpi.abort(mpi.world, code);
  _exit(code);
}
