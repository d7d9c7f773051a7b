// Pillow's 8-bit arithmetic.
#ifndef IMAGE_ROUNDING_H
#define IMAGE_ROUNDING_H

#include <stdint.h>

// value / 255, rounded to the nearest, for value up to 255 * 255.
static inline uint8_t divide_by_255(uint32_t value) {
  value += 128;
  return (uint8_t)(((value >> 8) + value) >> 8);
}

// A sample of the given opacity over a ground.
static inline uint8_t over(uint8_t ground, uint8_t sample, uint8_t alpha) {
  return divide_by_255((uint32_t)ground * (255u - alpha) + (uint32_t)sample * alpha);
}

#endif
