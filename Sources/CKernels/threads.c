/// A pool of threads for one job at a time. Jobs often follow each other within microseconds, less than it
/// takes to wake a thread, so workers look out for the next one for a moment before they sleep. A worker that
/// comes late finds the job closed and waits on, so a job never waits for a thread that has not joined it.
#include "CKernels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
  CK_MAX_THREADS = 256,
  /// How often a thread looks before it sleeps: some tens of microseconds.
  CK_LOOKS = 2000,
};

static inline void breathe(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

static atomic_int wanted_threads;

void ck_set_threads(int count) {
  if (count < 1) count = 1;
  if (count > CK_MAX_THREADS) count = CK_MAX_THREADS;
  atomic_store(&wanted_threads, count);
}

int ck_threads(void) {
  int count = atomic_load(&wanted_threads);
  if (count > 0) return count;
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  ck_set_threads(online < 1 ? 1 : (int)online);
  return atomic_load(&wanted_threads);
}

static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;  // held by the job's caller
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;   // guards the changes of everything below
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
static int workers;        // threads that exist
static atomic_int places;   // workers that may still join the open job
static atomic_int running;  // workers inside the open job
static void (*job_body)(void *, intptr_t);
static void *job_context;
static intptr_t job_items;
static atomic_intptr_t job_next;

static void run_items(void (*body)(void *, intptr_t), void *context, intptr_t items) {
  for (;;) {
    intptr_t item = atomic_fetch_add(&job_next, 1);
    if (item >= items) return;
    body(context, item);
  }
}

static void *work(void *unused) {
  (void)unused;
  for (;;) {
    for (int look = 0; look < CK_LOOKS && atomic_load(&places) == 0; look++) breathe();
    pthread_mutex_lock(&lock);
    while (places == 0) pthread_cond_wait(&opened, &lock);
    places--;
    running++;
    void (*body)(void *, intptr_t) = job_body;
    void *context = job_context;
    intptr_t items = job_items;
    pthread_mutex_unlock(&lock);
    run_items(body, context, items);
    pthread_mutex_lock(&lock);
    if (--running == 0) pthread_cond_signal(&left);
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

/// With `lock` held. Fewer workers than wished is no error: the caller does the work.
static void start_workers(int count) {
  while (workers < count) {
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 4u << 20);
    int failed = pthread_create(&thread, &attributes, work, NULL);
    pthread_attr_destroy(&attributes);
    if (failed) return;
    workers++;
  }
}

void ck_parallel(intptr_t items, int threads, void (*body)(void *, intptr_t), void *context) {
  if (threads > items) threads = (int)items;
  if (threads > CK_MAX_THREADS) threads = CK_MAX_THREADS;
  if (threads < 2 || pthread_mutex_trylock(&owner) != 0) {
    for (intptr_t item = 0; item < items; item++) body(context, item);
    return;
  }
  pthread_mutex_lock(&lock);
  start_workers(threads - 1);
  job_body = body;
  job_context = context;
  job_items = items;
  atomic_store(&job_next, 0);
  places = threads - 1 < workers ? threads - 1 : workers;
  pthread_cond_broadcast(&opened);
  pthread_mutex_unlock(&lock);

  run_items(body, context, items);

  pthread_mutex_lock(&lock);
  places = 0;
  pthread_mutex_unlock(&lock);
  for (int look = 0; look < CK_LOOKS && atomic_load(&running) > 0; look++) breathe();
  pthread_mutex_lock(&lock);
  while (running > 0) pthread_cond_wait(&left, &lock);
  pthread_mutex_unlock(&lock);
  pthread_mutex_unlock(&owner);
}
