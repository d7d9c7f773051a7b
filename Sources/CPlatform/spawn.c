// Starts child processes by fork and exec. Between the two the child only makes async-signal-safe calls.
#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

ar1_spawn_options ar1_spawn_options_default(void) {
  ar1_spawn_options options;
  memset(&options, 0, sizeof options);
  options.program = "";
  options.input = -1;
  options.output = AR1_INHERIT;
  options.error = AR1_INHERIT;
  options.kept = -1;
  options.user = -1;
  options.group = -1;
  return options;
}

static void close_from(int first) {
  if (close_range((unsigned)first, ~0U, 0) == 0) return;
  for (int fd = first; fd < 65536; fd++) close(fd);
}

/// In the child. `report` carries the errno of a failure; it closes by itself when exec succeeds.
static void become(const ar1_spawn_options *options, pid_t parent, int report) {
  int failure;
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);

  if (options->own_group && setpgid(0, 0) != 0) goto failed;

  // Copies above 2 first, so that no source is overwritten before it is used.
  int sources[3] = {options->input, options->output, options->error};
  for (int i = 0; i < 3; i++) {
    int source = sources[i] == -1 ? open("/dev/null", O_RDWR) : sources[i] == AR1_INHERIT ? i : sources[i];
    if (source < 0) goto failed;
    sources[i] = fcntl(source, F_DUPFD, 10);
    if (sources[i] < 0) goto failed;
  }
  int high = fcntl(report, F_DUPFD, 10);
  if (high < 0) goto failed;
  report = high;
  int kept = options->kept >= 0 ? fcntl(options->kept, F_DUPFD, 10) : -1;
  if (options->kept >= 0 && kept < 0) goto failed;
  for (int i = 0; i < 3; i++)
    if (sources[i] >= 0 && dup2(sources[i], i) < 0) goto failed;
  if (dup2(report, 3) < 0) goto failed;
  report = 3;
  fcntl(report, F_SETFD, FD_CLOEXEC);
  // The copy stays open over exec, whatever the original does.
  if (kept >= 0 && dup2(kept, 4) < 0) goto failed;
  close_from(kept >= 0 ? 5 : 4);

  if (options->group >= 0) {
    gid_t group = (gid_t)options->group;
    if (setgroups(1, &group) != 0 || setgid(group) != 0) goto failed;
  }
  if (options->user >= 0 && setuid((uid_t)options->user) != 0) goto failed;
  if (options->folder && chdir(options->folder) != 0) goto failed;
  // After the change of user, which clears it.
  if (options->signal_on_parent_death) {
    if (prctl(PR_SET_PDEATHSIG, options->signal_on_parent_death) != 0) goto failed;
    if (getppid() != parent) _exit(127);
  }
  execve(options->program, options->arguments, options->environment ? options->environment : environ);

failed:
  failure = errno;
  ssize_t ignored = write(report, &failure, sizeof failure);
  (void)ignored;
  _exit(127);
}

static int spawn_here(const ar1_spawn_options *options, pid_t *process) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return errno;
  pid_t parent = getpid();

  // No handler of this process may run in the child before it has reset them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t child = fork();
  if (child == 0) become(options, parent, report[1]);
  int failure = child < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(report[1]);
  if (child > 0) {
    int sent = 0;
    ssize_t got;
    do got = read(report[0], &sent, sizeof sent);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof sent) {
      failure = sent ? sent : ECHILD;
      while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    }
  }
  close(report[0]);
  if (!failure) *process = child;
  return failure;
}

// The kernel ties "the parent's death" to the thread that forked, not to its process. Children that ask for the
// signal are therefore all started by one thread that lives as long as the process.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const ar1_spawn_options *wanted;
static pid_t *started;
static int outcome;
static bool finished, running;

static void *spawner(void *unused) {
  (void)unused;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (!wanted) pthread_cond_wait(&changed, &lock);
    outcome = spawn_here(wanted, started);
    wanted = NULL;
    finished = true;
    pthread_cond_broadcast(&changed);
  }
  return NULL;
}

static int detach(void *(*body)(void *), void *argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_t thread;
  int code = pthread_create(&thread, &attributes, body, argument);
  pthread_attr_destroy(&attributes);
  return code;
}

int ar1_spawn(const ar1_spawn_options *options, pid_t *process) {
  if (!options->signal_on_parent_death) return spawn_here(options, process);
  pthread_mutex_lock(&turn);
  pthread_mutex_lock(&lock);
  int code = 0;
  if (!running) {
    code = detach(spawner, NULL);
    running = code == 0;
  }
  if (code == 0) {
    finished = false;
    started = process;
    wanted = options;
    pthread_cond_broadcast(&changed);
    while (!finished) pthread_cond_wait(&changed, &lock);
    code = outcome;
  }
  pthread_mutex_unlock(&lock);
  pthread_mutex_unlock(&turn);
  return code;
}

typedef struct {
  pid_t process;
  void (*done)(void *, int);
  void *context;
} exit_watch;

static void *watch(void *argument) {
  exit_watch *entry = argument;
  int status;
  pid_t got;
  do got = waitpid(entry->process, &status, 0);
  while (got < 0 && errno == EINTR);
  entry->done(entry->context, got < 0 ? -1 : status);
  free(entry);
  return NULL;
}

int ar1_on_exit(pid_t process, void (*done)(void *context, int status), void *context) {
  exit_watch *entry = malloc(sizeof *entry);
  if (!entry) return ENOMEM;
  *entry = (exit_watch){process, done, context};
  int code = detach(watch, entry);
  if (code) free(entry);
  return code;
}

bool ar1_status_exited(int status) { return WIFEXITED(status); }
int ar1_status_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
int ar1_status_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
