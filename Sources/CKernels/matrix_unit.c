/// Whether there is a matrix unit, and its tiles.
#include "matrix_unit.h"

#if defined(__x86_64__) && defined(__linux__)

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The processor has tiles and multiplies bfloat16 in them.
static bool has_unit(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  const unsigned bfloat16 = 1u << 22, tiles = 1u << 24;
  return (d & bfloat16) && (d & tiles);
}

/// The system keeps tiles for those processes alone that have asked for it.
static bool is_permitted(void) {
  const long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

static bool is_there;

__attribute__((constructor)) static void look(void) {
  __builtin_cpu_init();
  is_there = ck_has_avx512() && __builtin_cpu_supports("avx512bf16") && has_unit() && is_permitted();
}

bool ck_has_matrix_unit(void) { return is_there; }

#pragma clang attribute push(__attribute__((target(CK_MATRIX_UNIT))), apply_to = function)

/// As ldtilecfg takes it.
typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_configuration;

void ck_begin_tiles(int columns) {
  tile_configuration all = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    bool is_narrow = i == 0 || i == 1 || i == 3 || i == 4;
    all.rows[i] = CK_TILE_SIDE;
    all.row_bytes[i] = is_narrow ? (uint16_t)(4 * columns) : CK_TILE_ROW_BYTES;
  }
  _tile_loadconfig(&all);
}

void ck_end_tiles(void) { _tile_release(); }

#pragma clang attribute pop

#else

bool ck_has_matrix_unit(void) { return false; }

#if defined(__x86_64__)
void ck_begin_tiles(int columns) {}
void ck_end_tiles(void) {}
#endif

#endif
