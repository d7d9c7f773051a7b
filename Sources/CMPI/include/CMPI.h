#ifndef AR1_MPI_H
#define AR1_MPI_H

#include <stddef.h>

/// The few calls of MPI that a learner over several processes needs, from Open MPI's library, which is opened when the
/// first is made: a program that never makes one needs no MPI. All may be called from any thread, by one at a time.

/// Opens the library and starts MPI in this process, which mpirun has started.
/// Returns NULL, or in words why not; rank and size are then untouched.
const char *_Nullable ar1_mpi_start(int *_Nonnull rank, int *_Nonnull size);

/// Adds up `count` numbers over all ranks, in place: every rank gets the same bits. Returns 0 or MPI's error code.
int ar1_mpi_sum_floats(float *_Nonnull values, size_t count);
int ar1_mpi_sum_doubles(double *_Nonnull values, size_t count);

/// Gives every rank the bytes of rank 0. While it waits it sleeps `microseconds` at a time, so that waiting ranks
/// leave the processor to others; 0 spins. Returns 0 or MPI's error code.
int ar1_mpi_broadcast(void *_Nonnull bytes, size_t count, unsigned microseconds);

/// Ends MPI; every rank has to come here.
void ar1_mpi_stop(void);

/// Ends the processes of all ranks.
void ar1_mpi_abort(int code) __attribute__((noreturn));

#endif
