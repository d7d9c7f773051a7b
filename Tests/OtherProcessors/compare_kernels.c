/// Holds the kernels that this processor chooses against their portable twins, for every format of weights and sizes
/// that fill no vector. Exits with 1 where they differ. OtherProcessorsTests builds it for processors that are emulated.
#include "CKernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t state = 1;

static float number(void) {
  state = state * 1664525u + 1013904223u;
  return (float)(int32_t)state / 2147483648.0f;
}

static float *numbers(size_t count) {
  float *values = malloc(count * sizeof *values);
  for (size_t i = 0; i < count; i++) values[i] = number();
  return values;
}

/// A matrix as it is kept, behind one byte: a file's tensors need not be aligned.
static uint8_t *stored(size_t rows, size_t columns, ck_weight_format format) {
  size_t height = ck_weight_panel_rows(format), bytes = ck_weight_panel_bytes(format, columns);
  size_t panels = (rows + height - 1) / height;
  float *values = numbers(panels * height * columns);
  uint8_t *matrix = malloc(panels * bytes + 1);
  for (size_t panel = 0; panel < panels; panel++) {
    const float *source = values + panel * height * columns;
    uint8_t *target = matrix + 1 + panel * bytes;
    size_t left = rows - panel * height;
    switch (format) {
    case CK_WEIGHTS_FLOAT32:
      for (size_t i = 0; i < bytes; i++) target[i] = ((const uint8_t *)source)[i];
      break;
    case CK_WEIGHTS_BFLOAT16: ck_f32_to_bf16(source, target, columns); break;
    case CK_WEIGHTS_INT8: ck_quantize_weights(source, left < height ? left : height, columns, target); break;
    }
  }
  free(values);
  return matrix;
}

/// ‖fast − slow‖ / ‖slow‖
static double difference(ck_weight_format format, size_t m, size_t n, size_t columns, bool accumulate) {
  uint8_t *w = stored(n, columns, format), *x = malloc(m * ck_operand_row_bytes(format, columns));
  float *source = numbers(m * columns), *fast = numbers(m * n), *slow = malloc(m * n * sizeof *slow);
  for (size_t i = 0; i < m * n; i++) slow[i] = fast[i];
  ck_make_operand(source, columns, m, format, columns, x);
  ck_weight_operands operands = {
      .x = x, .w = w + 1, .format = format, .columns = columns, .y = fast, .ldy = n, .m = m, .n = n,
      .accumulate = accumulate};
  ck_weight_product(&operands);
  operands.y = slow;
  ck_weight_product_portable(&operands);
  double error = 0, size = 0;
  for (size_t i = 0; i < m * n; i++) {
    error += (double)(fast[i] - slow[i]) * (double)(fast[i] - slow[i]);
    size += (double)slow[i] * (double)slow[i];
  }
  free(w), free(x), free(source), free(fast), free(slow);
  return sqrt(error / size);
}

int main(void) {
  static const char *const names[] = {"float32", "bfloat16", "int8"};
  static const size_t sizes[][3] = {
      {1, 1, 1},   {1, 7, 1061}, {1, 8, 64},   {1, 19, 773}, {2, 37, 32},    {3, 5, 7},
      {4, 16, 96}, {5, 11, 1061}, {7, 13, 250}, {8, 6, 2048}, {15, 33, 5}, {24, 40, 129},
  };
  int failures = 0;
  for (int format = CK_WEIGHTS_FLOAT32; format <= CK_WEIGHTS_INT8; format++) {
    double worst = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
      for (int accumulate = 0; accumulate < 2; accumulate++) {
        double found = difference(
            (ck_weight_format)format, sizes[i][0], sizes[i][1], sizes[i][2], accumulate);
        if (!(found < 1e-5)) {
          printf("%s %zu x %zu by %zu: %g\n", names[format], sizes[i][0], sizes[i][2], sizes[i][1], found);
          failures++;
        }
        worst = found > worst ? found : worst;
      }
    printf("%s: at most %.1e apart\n", names[format], worst);
  }
  return failures > 0;
}
