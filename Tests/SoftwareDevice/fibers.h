// The threads of a block as fibers of one thread of the host: each runs until it waits for others.
#pragma once

#include <cstddef>
#include <cstdint>

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

/// Gives `bits` to the warp and returns what every lane gave, once all 32 have; valid until the next exchange.
const uint64_t *exchange(uint64_t bits);

/// Runs every block of a grid. Between barriers every warp runs as far ahead as it can, in an order drawn by lot, so that
/// a missing barrier shows.
/// - Returns: false if threads wait for others that never come.
bool run(Triple blocks, Triple threads, size_t memory_bytes, void (*call)(void *, void **), void *kernel, void **parameters);

}  // namespace fibers
