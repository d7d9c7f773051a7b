#ifndef AR1_PLATFORM_H
#define AR1_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// How to start a child process. Zero-initialise with ar1_spawn_options_default().
typedef struct {
  /// The program, an absolute path or a path from `folder`; PATH is not searched.
  const char *_Nonnull program;
  /// NULL-terminated, the program's name first.
  char *const _Nullable *_Nonnull arguments;
  /// NULL-terminated "NAME=value"; NULL hands on this process's environment.
  char *const _Nullable *_Nullable environment;
  /// The child's working folder; NULL keeps this process's.
  const char *_Nullable folder;
  /// Descriptors to become the child's 0, 1 and 2; -1 is /dev/null, AR1_INHERIT keeps this process's.
  int input, output, error;
  /// A descriptor that the child has too, as its 4, and hands on to what it starts by itself; -1 for none.
  int kept;
  /// The child leads a process group of its own, so that it can be signalled with all it starts.
  bool own_group;
  /// Signal for the child when this process dies, 0 for none.
  int signal_on_parent_death;
  /// Switch to this user and group, -1 to stay. Needs root.
  int64_t user, group;
} ar1_spawn_options;

enum { AR1_INHERIT = -2 };

ar1_spawn_options ar1_spawn_options_default(void);

/// Starts a child with default signal dispositions, an empty signal mask and no other open descriptors than
/// those of `options`.
/// Returns 0 and the process id, or the errno of whatever failed, exec included.
int ar1_spawn(const ar1_spawn_options *_Nonnull options, pid_t *_Nonnull process);

/// Calls `done` once, on a thread of its own, when the child has ended and was reaped.
/// `status` is as waitpid gives it, -1 when there was no such child. Returns 0 or an errno.
int ar1_on_exit(
    pid_t process, void (*_Nonnull done)(void *_Nullable context, int status), void *_Nullable context);

/// The parts of a wait status: whether the child exited by itself, its exit code, the signal that ended it.
bool ar1_status_exited(int status);
int ar1_status_code(int status);
int ar1_status_signal(int status);

/// Opens a file for appending, created with mode 0644, closed on exec. Returns a descriptor or -errno.
int ar1_open_append(const char *_Nonnull path);

/// Columns and rows of the terminal behind a descriptor; false when it is none.
bool ar1_terminal_size(int descriptor, int *_Nonnull columns, int *_Nonnull rows);
bool ar1_is_terminal(int descriptor);

/// Seconds on a clock that never goes back and counts suspended time.
double ar1_monotonic_seconds(void);

/// Makes renames in a folder durable. Returns 0 or an errno.
int ar1_sync_folder(const char *_Nonnull path);
/// Makes a file's content durable. Returns 0 or an errno.
int ar1_sync_file(const char *_Nonnull path);

/// User and group of a name in the password file. Returns 0, or ENOENT when there is none.
int ar1_find_user(const char *_Nonnull name, int64_t *_Nonnull user, int64_t *_Nonnull group);

/// Ignores SIGPIPE in this process: a write to a closed pipe is an error, not the end.
void ar1_ignore_broken_pipes(void);

/// Takes the places of standard streams that the process was started without, so that no file or connection it opens
/// gets one of them and with it what is meant to be read; using such a stream stays an error.
void ar1_keep_standard_streams(void);

/// Bytes of memory that can be used without swapping, and in all; 0 when unknown.
uint64_t ar1_memory_available(void);
uint64_t ar1_memory_total(void);
/// The most bytes of memory this process has held so far.
uint64_t ar1_memory_peak(void);

#endif
