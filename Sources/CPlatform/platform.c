#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int ar1_open_append(const char *path) {
  int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  return descriptor < 0 ? -errno : descriptor;
}

bool ar1_is_terminal(int descriptor) { return isatty(descriptor) == 1; }

bool ar1_terminal_size(int descriptor, int *columns, int *rows) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return false;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return true;
}

double ar1_monotonic_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int sync_path(const char *path, int flags) {
  int descriptor = open(path, flags | O_CLOEXEC);
  if (descriptor < 0) return errno;
  int code = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  return code;
}

int ar1_sync_folder(const char *path) { return sync_path(path, O_RDONLY | O_DIRECTORY); }
int ar1_sync_file(const char *path) { return sync_path(path, O_RDONLY); }

int ar1_find_user(const char *name, int64_t *user, int64_t *group) {
  // The password file itself: name services would need shared libraries at run time.
  FILE *file = fopen("/etc/passwd", "re");
  if (!file) return errno;
  struct passwd entry, *found = NULL;
  char buffer[4096];
  int code = ENOENT;
  while (fgetpwent_r(file, &entry, buffer, sizeof buffer, &found) == 0 && found) {
    if (strcmp(found->pw_name, name) == 0) {
      *user = found->pw_uid;
      *group = found->pw_gid;
      code = 0;
      break;
    }
  }
  fclose(file);
  return code;
}

void ar1_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

void ar1_keep_standard_streams(void) {
  // open takes the lowest free number, so those below are there when a later one is.
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
    if (fcntl(stream, F_GETFD) == -1 && errno == EBADF) open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

/// A line "name: N kB" of one of the system's files, in bytes; 0 without one.
static uint64_t memory_line(const char *path, const char *name) {
  FILE *file = fopen(path, "re");
  if (!file) return 0;
  char line[256];
  uint64_t bytes = 0;
  size_t length = strlen(name);
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, name, length) == 0 && line[length] == ':') {
      bytes = strtoull(line + length + 1, NULL, 10) * 1024;
      break;
    }
  }
  fclose(file);
  return bytes;
}

uint64_t ar1_memory_available(void) { return memory_line("/proc/meminfo", "MemAvailable"); }
uint64_t ar1_memory_total(void) { return memory_line("/proc/meminfo", "MemTotal"); }

uint64_t ar1_memory_peak(void) {
  uint64_t own = memory_line("/proc/self/status", "VmHWM");
  if (own > 0) return own;
  // This one may be the peak of the process that started this one.
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return (uint64_t)usage.ru_maxrss * 1024;
}
