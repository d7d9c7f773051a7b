#include "memory.h"

#include <atomic>
#include <cstring>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

namespace memory {
namespace {

struct Block {
  void *base;
  size_t bytes;
};
std::map<uint64_t, Block> blocks;
std::atomic<size_t> in_use = 0;

}  // namespace

uint64_t allocate(size_t bytes) {
  if (bytes == 0 || bytes > total - in_use) return 0;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t aligned = (bytes + 15) / 16 * 16, mapped = (aligned + page - 1) / page * page;
  char *base = (char *)mmap(nullptr, mapped + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return 0;
  mprotect(base + mapped, page, PROT_NONE);
  memset(base, 0xff, mapped);
  uint64_t address = (uint64_t)(base + mapped - aligned);
  blocks[address] = Block{base, mapped + page};
  in_use += mapped;
  return address;
}

bool release(uint64_t address) {
  auto found = blocks.find(address);
  if (found == blocks.end()) return false;
  in_use -= found->second.bytes - (size_t)sysconf(_SC_PAGESIZE);
  munmap(found->second.base, found->second.bytes);
  blocks.erase(found);
  return true;
}

size_t used() { return in_use; }

}  // namespace memory
