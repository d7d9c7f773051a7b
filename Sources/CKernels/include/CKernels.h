/// Loops that Swift cannot make fast enough: conversions, row kernels, the optimizer's update and the
/// threads they share. Matrices are row-major float32; counts are elements, strides are elements.
/// Nothing here allocates (except the thread pool, once) and nothing here knows tensors.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Threads (threads.c)

/// How many threads kernels may use, the caller included; at least 1.
void ck_set_threads(int count);
int ck_threads(void);

/// Calls body(context, 0 ..< items), spread over up to `threads` threads including the caller, and returns
/// when all are done. Items may run in any order: each must write to its own place.
/// When another thread is using the pool already, the items run on the caller alone.
void ck_parallel(
    intptr_t items, int threads, void (*_Nonnull body)(void *_Nullable context, intptr_t item),
    void *_Nullable context);

// MARK: Memory (memory.c)

/// Lets the C library keep tens of megabytes of freed memory for the next allocation. Tensors of the same sizes
/// come and go with every layer; by itself it would give most of them back to the system, which would have to
/// clear their pages again each time.
void ck_keep_freed_memory(void);

typedef struct ck_range {
  const void *_Nonnull start;
  size_t bytes;
} ck_range;

/// Has the system give the range large pages where it can: they are quicker to get, and reading through them is up to
/// a fifth faster.
void ck_prefer_large_pages(const void *_Nonnull start, size_t bytes);

/// Has the system read mapped files and enter their pages for this process, range after range, on a thread of
/// its own; what is unmapped meanwhile is passed over. What was not in memory yet comes in large pages if the system
/// has them for files. Where it cannot, pages come when they are used.
void ck_read_ahead(const ck_range *_Nonnull ranges, size_t count);

#pragma clang assume_nonnull begin

// MARK: Conversions (conversions.c)

void ck_bf16_to_f32(const void *source, float *target, size_t count);
void ck_f16_to_f32(const void *source, float *target, size_t count);
/// Round to nearest even; NaN stays NaN.
void ck_f32_to_bf16(const float *source, void *target, size_t count);
/// x = the bfloat16 nearest to x, in place.
void ck_round_to_bf16(float *x, size_t count);

// MARK: Elementwise (elementwise.c)

void ck_add(const float *a, const float *b, float *out, size_t n);
void ck_subtract(const float *a, const float *b, float *out, size_t n);
void ck_multiply(const float *a, const float *b, float *out, size_t n);
void ck_minimum(const float *a, const float *b, float *out, size_t n);
/// da = g where a <= b, db = g where b < a.
void ck_minimum_backward(
    const float *a, const float *b, const float *g, float *_Nullable da, float *_Nullable db, size_t n);
void ck_clamp(const float *x, float lower, float upper, float *out, size_t n);
void ck_clamp_backward(const float *x, float lower, float upper, const float *g, float *dx, size_t n);
void ck_scale(const float *x, float factor, float *out, size_t n);
void ck_axpy(float factor, const float *x, float *y, size_t n);
void ck_fill(float value, float *out, size_t n);
void ck_exp(const float *x, float *out, size_t n);
void ck_silu(const float *x, float *out, size_t n);
void ck_silu_backward(const float *x, const float *g, float *dx, size_t n);
void ck_gelu(const float *x, float *out, size_t n);
void ck_gelu_backward(const float *x, const float *g, float *dx, size_t n);
/// out = silu(gate) * up
void ck_swiglu(const float *gate, const float *up, float *out, size_t n);
void ck_swiglu_backward(
    const float *gate, const float *up, const float *g, float *_Nullable dgate, float *_Nullable dup,
    size_t n);

// MARK: Sums (sums.c)

double ck_sum(const float *x, size_t n);
double ck_dot(const float *a, const float *b, size_t n);
double ck_squared_norm(const float *x, size_t n);
/// False if any element is infinite or NaN.
bool ck_all_finite(const float *x, size_t n);
/// out[j] += sum over rows of x[i, j]
void ck_add_column_sums(const float *x, size_t rows, size_t columns, size_t stride, float *out);

// MARK: Rows (rows.c)

/// out = x * r * weight with r = 1 / sqrt(mean(x^2) + epsilon); r of each row is kept in `inverse`.
void ck_rms_norm(
    const float *x, const float *weight, float epsilon, float *out, float *inverse, size_t rows, size_t d);
/// The same with mean and bias: out = (x - mean) / sqrt(variance + epsilon) * weight + bias; means and inverses, one
/// for each row, serve the backward pass.
void ck_layer_norm(
    const float *x, const float *weight, const float *bias, float epsilon, float *out, float *means,
    float *inverses, size_t rows, size_t d);
void ck_layer_norm_backward_input(
    const float *x, const float *weight, const float *means, const float *inverses, const float *g, float *dx,
    size_t rows, size_t d);
/// dweight += the sum of g * (x - mean) * inverse over the rows.
void ck_layer_norm_backward_weight(
    const float *x, const float *means, const float *inverses, const float *g, float *dweight, size_t rows,
    size_t d);
void ck_rms_norm_backward_input(
    const float *x, const float *weight, const float *inverse, const float *g, float *dx, size_t rows,
    size_t d);
/// dweight[j] += sum over rows of g * x * r
void ck_rms_norm_backward_weight(
    const float *x, const float *inverse, const float *g, float *dweight, size_t rows, size_t d);
/// Rotates the halves of each head: out1 = x1 cos1 - x2 sin1, out2 = x2 cos2 + x1 sin2.
void ck_rotary(
    const float *x, const float *cosines, const float *sines, float *out, size_t rows, size_t heads,
    size_t head_dim);
/// The transpose of ck_rotary.
void ck_rotary_backward(
    const float *g, const float *cosines, const float *sines, float *dx, size_t rows, size_t heads,
    size_t head_dim);
/// Softmax in place over the first `width` columns; log_sums[i] = log(sum(exp(row))). -inf gives 0.
void ck_softmax_rows(float *x, size_t rows, size_t width, size_t stride, float *log_sums);
/// x = exp(x - log_sums[i]) in place.
void ck_exp_rows(float *x, size_t rows, size_t width, size_t stride, const float *log_sums);
/// ds = p * (ds - dots[i]) in place.
void ck_softmax_backward_rows(
    const float *p, float *ds, size_t rows, size_t width, size_t stride, const float *dots);
/// The first of the largest elements; 0 where there is no element above -inf. NaN is passed over.
size_t ck_largest(const float *x, size_t n);
/// The sum of exp((x - shift) * factor), in double precision over blocks; the terms are kept if `out` is given.
double ck_sum_exp(const float *x, float shift, float factor, float *_Nullable out, size_t n);
void ck_log_sum_exp_rows(const float *x, size_t rows, size_t width, float *log_sums);
/// out = g[i] * ((j == targets[i]) - exp(x - log_sums[i])); `out` may be `x`.
void ck_log_softmax_backward(
    const float *x, const float *log_sums, const int32_t *targets, const float *g, float *out, size_t rows,
    size_t width);

// MARK: BLAS (blas.c)

/// Lets OpenBLAS use AVX2 where this processor has it. Called once, before the first product.
void ck_choose_blas_kernels(void);

// MARK: Products in float32 (sgemm.c)

/// c [m, n] = alpha * op(a) op(b) + beta * c on row-major memory, where op may transpose; k is summed over and the
/// leading dimensions are the row strides as stored.
typedef struct ck_sgemm_operands {
  const float *a;
  size_t lda;
  const float *b;
  size_t ldb;
  float *c;
  size_t ldc;
  size_t m, n, k;
  bool transpose_a, transpose_b;
  float alpha, beta;
} ck_sgemm_operands;

/// Whether the processor has the vectors for it; without them ck_sgemm must not be called.
bool ck_has_sgemm(void);
/// The bytes a call of ck_sgemm works in.
size_t ck_sgemm_scratch_bytes(size_t m, size_t n, size_t k);
/// On the calling thread alone; `scratch` is aligned to 64 bytes.
void ck_sgemm(const ck_sgemm_operands *operands, void *scratch);

// MARK: Thin matrix products (thin.c): few rows, where packing for a full product costs more than it gains

/// c[i, j] = alpha * a[i, :] . b[j, :] + beta * c[i, j]
void ck_thin_product_transposed(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta);
/// c[i, :] = alpha * sum over l of a[i, l] * b[l, :] + beta * c[i, :]
void ck_thin_product(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta);
/// The same without regard to the processor.
void ck_thin_product_transposed_portable(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta);
void ck_thin_product_portable(
    const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc, size_t m, size_t n,
    size_t k, float alpha, float beta);

// MARK: Weights as they are kept (weights.c)

/// How a weight matrix lies in memory, at any alignment.
typedef enum ck_weight_format {
  /// Rows of float32 or bfloat16, one directly behind the other.
  CK_WEIGHTS_FLOAT32,
  CK_WEIGHTS_BFLOAT16,
  /// Panels of CK_INT8_ROWS rows, one directly behind the other, the last one filled up with rows of zeros.
  /// A panel is a sequence of blocks of CK_INT8_BLOCK columns, the last one filled up with zeros. A block
  /// holds, for every four columns, those four values of each row in turn as bytes that are 128 too large, and
  /// behind them one bfloat16 scale for each row: the value is scale * (byte - 128). So one vector of bytes is
  /// multiplied with four neighbouring values of x, and one scaling serves a whole block.
  CK_WEIGHTS_INT8,
} ck_weight_format;

enum {
  CK_INT8_BLOCK = 32,
  CK_INT8_ROWS = 16,
  CK_INT8_BLOCK_BYTES = CK_INT8_ROWS * (CK_INT8_BLOCK + 2),
};

/// Rows of one format that lie together; a part of a matrix begins at a multiple of this.
size_t ck_weight_panel_rows(ck_weight_format format);
/// The bytes of so many rows.
size_t ck_weight_panel_bytes(ck_weight_format format, size_t columns);
/// Columns `first ..< first + count` of one row of a matrix in float32.
void ck_expand_weights(
    const void *matrix, ck_weight_format format, size_t columns, size_t row, size_t first, size_t count,
    float *out);
/// Up to CK_INT8_ROWS rows as one panel of CK_WEIGHTS_INT8; a value is off by at most half its block's scale.
void ck_quantize_weights(const float *rows, size_t count, size_t columns, void *panel);

// MARK: What is multiplied with such weights (operands.c)

/// The bytes of one row of x as ck_weight_product takes it.
size_t ck_operand_row_bytes(ck_weight_format format, size_t columns);
/// Rows of x as ck_weight_product takes them: for float32 weights as they are; for bfloat16 weights rounded to
/// bfloat16; for int8 weights in blocks of CK_INT8_BLOCK signed bytes with a float32 scale each. A block with
/// a value that is not finite becomes NaN as a whole.
void ck_make_operand(
    const float *x, size_t ldx, size_t rows, ck_weight_format format, size_t columns, void *operand);

// MARK: Products with such weights (weight_products.c)

/// For i < m and j < n: y[i, j] = x[i, :] . w[first + j, :], or that added to y[i, j].
typedef struct ck_weight_operands {
  /// Rows made by ck_make_operand.
  const void *x;
  const void *w;
  ck_weight_format format;
  size_t columns;
  /// The first row of w, a multiple of ck_weight_panel_rows.
  size_t first;
  float *y;
  size_t ldy;
  size_t m, n;
  bool accumulate;
} ck_weight_operands;

/// Made for few rows of x: every weight is read once, as it is kept.
void ck_weight_product(const ck_weight_operands *operands);
/// The same without regard to the processor, which the tests hold the other against.
void ck_weight_product_portable(const ck_weight_operands *operands);
/// Whether a row of x gives `ck_weight_product` with bfloat16 weights the same bits alone and among others. On x86-64 and
/// in the portable loops it does; NEON gives a single row more sums to add to.
bool ck_adds_rows_alike(void);

// MARK: Products of many rows in bfloat16 (packed_products.c, packed_products_tiles.c, pack_operands.c)

/// What multiplies packed operands, which lie as it takes them.
typedef enum ck_packing {
  /// Vectors of pairs of bfloat16 (AVX-512 BF16).
  CK_PACKING_VECTORS,
  /// The tiles of a matrix unit (AMX).
  CK_PACKING_TILES,
} ck_packing;

/// Whether this processor has it; without it the functions below must not be called.
bool ck_has_packing(ck_packing packing);
/// The bytes of `rows` rows of x, packed.
size_t ck_packed_rows_bytes(ck_packing packing, size_t rows, size_t columns);
/// Rounds rows of x to bfloat16 and packs them, `part` of `parts` of the work.
void ck_pack_rows(
    ck_packing packing, const float *x, size_t ldx, size_t rows, size_t columns, void *packed, size_t part,
    size_t parts);
/// The bytes a call of ck_packed_product works in.
size_t ck_packed_product_scratch_bytes(void);
/// As ck_weight_product for bfloat16 or int8 weights and any number of rows, where operands->x is what
/// ck_pack_rows made of all of them and `scratch` is aligned to 64 bytes. Values of int8 weights are rounded
/// to bfloat16.
void ck_packed_product(ck_packing packing, const ck_weight_operands *operands, void *scratch);

// MARK: Optimizer (optimizer.c)

/// One AdamW step with decoupled decay, in place:
///   g = gradient_scale * gradient;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
///   p = decay p - rate * m / (sqrt(v) * inverse_root_correction + epsilon)
void ck_adamw(
    float *p, const float *gradient, float *m, float *v, size_t n, float gradient_scale, float beta1,
    float beta2, float epsilon, float decay, float rate, float inverse_root_correction);

#pragma clang assume_nonnull end

#endif
