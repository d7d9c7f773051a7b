// The threads of a block as fibers of one thread of the host: each runs until it waits for others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fibers {

struct Triple {
  unsigned x, y, z;
};

/// What the threads of the block that is running see.
struct Launch {
  Triple block, threads, blocks;
  float *memory;
};
extern Launch launch;

Triple current_thread();

/// Returns when every thread of the block that has not ended is here.
void meet_block();

constexpr int most_words = 3;
/// Of each word what the 32 lanes gave.
using Words = const uint64_t (*)[32];

/// Gives words to the warp and returns what every lane gave, once all 32 have; valid until the next exchange.
Words exchange(uint64_t first, uint64_t second = 0, uint64_t third = 0);

/// Copies bytes, or zeros without a source, for this thread: by lot at once, or not before the thread waits for it, so
/// that it shows when nobody waits or when the target is still being read.
void copy_later(void *target, const void *source, size_t bytes);

/// What was started since the last group becomes one.
void end_group_of_copies();

/// Until all of this thread's groups but the last `others` are there; with 0 also what is in no group yet.
void wait_for_copies(int others);

/// From here on a thread reads what the kernel in front has written.
void follow_previous();

/// What a kernel is run with.
struct Grid {
  Triple blocks, threads;
  size_t memory_bytes;
  void (*call)(void *, void **);
  void *kernel;
  void **parameters;
};

/// Of what the threads of each block copy before they follow the kernel in front: a sum that says when it has changed.
using EarlyCopies = std::vector<uint64_t>;

/// Runs every block up to where it follows the kernel in front, and drops it there.
EarlyCopies look_ahead(const Grid &grid);

enum class Outcome { done, waits_for_ever, read_too_early };

/// Runs every block of a grid. Between barriers every warp runs as far ahead as it can, in an order drawn by lot, so that
/// a missing barrier shows.
/// - expected: what the copies had been before the kernel in front ran; null where none did meanwhile.
Outcome run(const Grid &grid, const EarlyCopies *expected);

}  // namespace fibers
