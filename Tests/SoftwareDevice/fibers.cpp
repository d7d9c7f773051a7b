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

/// A copy that has been started.
struct Copy {
  void *target;
  const void *source;
  size_t bytes;
  int group;
};

struct Fiber {
  State state = State::ended;
  std::vector<Copy> copies;
  int group = 0;
  uint64_t given[most_words] = {};
  bool has_started = false;
  bool has_followed = false;
  char *stack = nullptr;
  jmp_buf place;
  /// Where it leaves a block that is not to be run to its end.
  jmp_buf way_out;
};

constexpr size_t stack_bytes = 128 << 10;
constexpr int most_threads = 1024;

Fiber all[most_threads];
/// What the lanes of each warp gave last. It is written when all have come to an exchange, so each has read what the one
/// before gave.
uint64_t exchanged[most_threads / 32][most_words][32];
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
    if (_setjmp(all[running].way_out) == 0) body(body_kernel, body_parameters);
    leave(State::ended);
  }
}

void enter(int index) {
  Fiber &fiber = all[index];
  running = index;
  if (_setjmp(scheduler) != 0) return;
  if (fiber.has_started) _longjmp(fiber.place, 1);
  fiber.has_started = true;
  if (!fiber.stack) fiber.stack = (char *)malloc(stack_bytes);
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = fiber.stack;
  // Stacks lie a power of two apart: were all as long, what a warp's threads use would share few lines of the cache.
  context.uc_stack.ss_size = stack_bytes - (size_t)(index % 32) * 448;
  context.uc_link = nullptr;
  makecontext(&context, fiber_main, 0);
  setcontext(&context);
}

/// The next of the numbers that decide who runs first.
unsigned next_number(unsigned &order) { return (order = order * 1664525u + 1013904223u) >> 8; }

unsigned copy_order = 1;

bool is_looking_ahead = false;
uint64_t early_copies = 0;

/// The order of threads is drawn by lot, so it must not count.
void note_early(const void *source, size_t bytes) {
  uint64_t hash = (uint64_t)source;
  for (size_t i = 0; i < bytes; ++i) hash = (hash ^ ((const uint8_t *)source)[i]) * 0x100000001b3u;
  early_copies += hash;
}

void make(const Copy &copy) {
  if (copy.source)
    memcpy(copy.target, copy.source, copy.bytes);
  else
    memset(copy.target, 0, copy.bytes);
}

bool are_all(int first, int last, State state) {
  for (int lane = first; lane < last; ++lane)
    if (all[lane].state != state) return false;
  return true;
}

/// Runs a warp as far as it gets without the others.
void run_warp(int first, int last, unsigned &order) {
  for (;;) {
    int count = last - first, shift = (int)next_number(order) % count;
    for (int i = 0; i < count; ++i) {
      int lane = i + shift < count ? first + i + shift : first + i + shift - count;
      if (all[lane].state == State::ready) enter(lane);
    }
    // Only whole warps exchange values.
    if (count < 32 || !are_all(first, last, State::waits_for_warp)) return;
    for (int lane = 0; lane < 32; ++lane) {
      for (int word = 0; word < most_words; ++word)
        exchanged[first / 32][word][lane] = all[first + lane].given[word];
      all[first + lane].state = State::ready;
    }
  }
}

/// Each warp runs as far ahead of the others as barriers let it, in an order drawn by lot: what another one has yet to
/// write or to read is noticed when no barrier protects it.
bool run_block(int count, unsigned &order) {
  for (int i = 0; i < count; ++i) {
    all[i].state = State::ready;
    all[i].copies.clear();
    all[i].group = 0;
    all[i].has_followed = false;
  }
  int warps = (count + 31) / 32;
  for (;;) {
    int shift = (int)next_number(order);
    bool backwards = next_number(order) % 2;
    for (int i = 0; i < warps; ++i) {
      int warp = (i + shift) % warps;
      if (backwards) warp = warps - 1 - warp;
      run_warp(32 * warp, count < 32 * warp + 32 ? count : 32 * warp + 32, order);
    }
    bool ended = true;
    for (int i = 0; i < count; ++i) {
      if (all[i].state == State::waits_for_warp) return false;
      ended = ended && all[i].state == State::ended;
    }
    if (ended) return true;
    for (int i = 0; i < count; ++i)
      if (all[i].state == State::waits_for_block) all[i].state = State::ready;
  }
}

}  // namespace

Triple current_thread() { return Triple{(unsigned)running, 0, 0}; }

void meet_block() { leave(State::waits_for_block); }

Words exchange(uint64_t first, uint64_t second, uint64_t third) {
  uint64_t *given = all[running].given;
  given[0] = first, given[1] = second, given[2] = third;
  leave(State::waits_for_warp);
  return exchanged[running / 32];
}

void copy_later(void *target, const void *source, size_t bytes) {
  if (source && !all[running].has_followed) note_early(source, bytes);
  Copy copy = {target, source, bytes, all[running].group};
  if (next_number(copy_order) % 2)
    make(copy);
  else
    all[running].copies.push_back(copy);
}

void end_group_of_copies() { ++all[running].group; }

void wait_for_copies(int others) {
  Fiber &own = all[running];
  size_t left = 0;
  for (const Copy &copy : own.copies) {
    if (others == 0 || copy.group < own.group - others)
      make(copy);
    else
      own.copies[left++] = copy;
  }
  own.copies.resize(left);
}

void follow_previous() {
  all[running].has_followed = true;
  if (is_looking_ahead) _longjmp(all[running].way_out, 1);
}

namespace {

Outcome run_blocks(const Grid &grid, const EarlyCopies *expected, EarlyCopies *found) {
  if (grid.threads.x == 0 || grid.threads.x > most_threads || grid.threads.y != 1 || grid.threads.z != 1)
    return Outcome::waits_for_ever;
  std::vector<float> memory(grid.memory_bytes / sizeof(float) + 1);
  body = grid.call;
  body_kernel = grid.kernel;
  body_parameters = grid.parameters;
  launch.threads = grid.threads;
  launch.blocks = grid.blocks;
  launch.memory = memory.data();
  unsigned order = 1;
  size_t index = 0;
  for (unsigned z = 0; z < grid.blocks.z; ++z)
    for (unsigned y = 0; y < grid.blocks.y; ++y)
      for (unsigned x = 0; x < grid.blocks.x; ++x, ++index) {
        launch.block = Triple{x, y, z};
        // What a block finds in its memory is no number.
        memset(memory.data(), 0xff, memory.size() * sizeof(float));
        early_copies = 0;
        if (!run_block((int)grid.threads.x, order)) return Outcome::waits_for_ever;
        if (expected && (*expected)[index] != early_copies) return Outcome::read_too_early;
        if (found) found->push_back(early_copies);
      }
  return Outcome::done;
}

}  // namespace

EarlyCopies look_ahead(const Grid &grid) {
  EarlyCopies found;
  is_looking_ahead = true;
  run_blocks(grid, nullptr, &found);
  is_looking_ahead = false;
  return found;
}

Outcome run(const Grid &grid, const EarlyCopies *expected) { return run_blocks(grid, expected, nullptr); }

}  // namespace fibers
