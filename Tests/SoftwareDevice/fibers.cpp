#include "fibers.h"

#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>
#include <vector>

namespace fibers {

Launch launch;

namespace {

enum class State { ready, waits_for_block, waits_for_warp, ended };

struct Fiber {
  State state = State::ended;
  uint64_t given = 0, received[32] = {};
  bool has_started = false;
  char *stack = nullptr;
  jmp_buf place;
};

constexpr size_t stack_bytes = 128 << 10;
constexpr int most_threads = 1024;

Fiber all[most_threads];
int running = -1;
jmp_buf scheduler;
void (*body)(void *, void **);
void *body_kernel;
void **body_parameters;

void leave(State state) {
  Fiber &own = all[running];
  own.state = state;
  if (_setjmp(own.place) == 0) _longjmp(scheduler, 1);
}

/// A fiber goes on with the next block when it has ended one, so that its stack is made once.
void fiber_main() {
  for (;;) {
    body(body_kernel, body_parameters);
    leave(State::ended);
  }
}

void enter(int index) {
  Fiber &fiber = all[index];
  running = index;
  if (_setjmp(scheduler) != 0) return;
  if (fiber.has_started) _longjmp(fiber.place, 1);
  fiber.has_started = true;
  fiber.stack = (char *)malloc(stack_bytes);
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = fiber.stack;
  context.uc_stack.ss_size = stack_bytes;
  context.uc_link = nullptr;
  makecontext(&context, fiber_main, 0);
  setcontext(&context);
}

/// Lets warps and the block go on that have met. False if nobody can go on.
bool release(int count) {
  bool any = false, all_at_barrier = true, all_ended = true;
  for (int first = 0; first < count; first += 32) {
    bool met = first + 32 <= count;
    for (int lane = first; lane < first + 32 && lane < count; ++lane) {
      met = met && all[lane].state == State::waits_for_warp;
      all_ended = all_ended && all[lane].state == State::ended;
      all_at_barrier = all_at_barrier && (all[lane].state == State::waits_for_block || all[lane].state == State::ended);
    }
    if (!met) continue;
    for (int lane = first; lane < first + 32; ++lane) {
      for (int source = 0; source < 32; ++source) all[lane].received[source] = all[first + source].given;
      all[lane].state = State::ready;
    }
    any = true;
  }
  if (!all_at_barrier || all_ended) return any;
  for (int i = 0; i < count; ++i)
    if (all[i].state == State::waits_for_block) all[i].state = State::ready;
  return true;
}

bool run_block(int count, unsigned &order) {
  for (int i = 0; i < count; ++i) all[i].state = State::ready;
  for (;;) {
    order = order * 1664525u + 1013904223u;
    int shift = (int)(order >> 8) % count;
    bool backwards = order >> 31;
    for (int i = 0; i < count; ++i) {
      int index = (i + shift) % count;
      if (backwards) index = count - 1 - index;
      if (all[index].state == State::ready) enter(index);
    }
    bool ended = true;
    for (int i = 0; i < count; ++i) ended = ended && all[i].state == State::ended;
    if (ended) return true;
    if (!release(count)) return false;
  }
}

}  // namespace

Triple current_thread() { return Triple{(unsigned)running, 0, 0}; }

void meet_block() { leave(State::waits_for_block); }

const uint64_t *exchange(uint64_t bits) {
  all[running].given = bits;
  leave(State::waits_for_warp);
  return all[running].received;
}

bool run(Triple blocks, Triple threads, size_t memory_bytes, void (*call)(void *, void **), void *kernel, void **parameters) {
  if (threads.x == 0 || threads.x > most_threads || threads.y != 1 || threads.z != 1) return false;
  std::vector<float> memory(memory_bytes / sizeof(float) + 1);
  body = call;
  body_kernel = kernel;
  body_parameters = parameters;
  launch.threads = threads;
  launch.blocks = blocks;
  launch.memory = memory.data();
  unsigned order = 1;
  for (unsigned z = 0; z < blocks.z; ++z)
    for (unsigned y = 0; y < blocks.y; ++y)
      for (unsigned x = 0; x < blocks.x; ++x) {
        launch.block = Triple{x, y, z};
        // What a block finds in its memory is no number.
        memset(memory.data(), 0xff, memory.size() * sizeof(float));
        if (!run_block((int)threads.x, order)) return false;
      }
  return true;
}

}  // namespace fibers
