// The device's memory: every allocation lies directly before a page that must not be touched.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memory {

/// What the device says it has.
constexpr size_t total = (size_t)1 << 30;

/// 0 if there is not as much; the bytes are no numbers until they are written.
uint64_t allocate(size_t bytes);
/// False for an address that was not allocated.
bool release(uint64_t address);
size_t used();

}  // namespace memory
