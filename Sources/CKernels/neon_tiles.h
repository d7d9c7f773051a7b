/// Private, a template: products of few rows of x with rows of weights on NEON. Who includes it defines before
///   CK_PRODUCT                   the name of the function it makes, a kernel behind ck_weight_product
///   CK_VALUE_BYTES               the size of a value of x and of the weights
///   CK_EIGHT                     the type of eight neighbouring columns
///   CK_LOAD(source)              reads them, at any alignment
///   CK_MULTIPLY_ADD(sums, a, b)  a float32x4_t whose lanes together grow by the dot product of a and b
#define CK_PASTED(a, b) a##b
#define CK_NAMED(a, b) CK_PASTED(a, b)
#define CK_TILE CK_NAMED(CK_PRODUCT, _tile)
#define CK_STRIP CK_NAMED(CK_PRODUCT, _strip)

/// Rows `i ..< i + M` of x with N rows of weights; M · N is at most 16, which stay in registers.
CK_INLINE void CK_TILE(const int M, const int N, const ck_weight_operands *o, size_t i, const uint8_t *w, float *y) {
  const size_t step = 8 * CK_VALUE_BYTES;
  size_t stride = o->columns * CK_VALUE_BYTES, whole = o->columns / 8 * step;
  size_t x_stride = ck_operand_row_bytes(o->format, o->columns);
  const uint8_t *x = (const uint8_t *)o->x + i * x_stride;
  float32x4_t sums[16];
  for (int s = 0; s < 16; s++) sums[s] = vdupq_n_f32(0);
  for (size_t at = 0; at < whole; at += step) {
    CK_EIGHT b[8];
    for (int c = 0; c < N; c++) b[c] = CK_LOAD(w + (size_t)c * stride + at);
    for (int r = 0; r < M; r++) {
      CK_EIGHT a = CK_LOAD(x + (size_t)r * x_stride + at);
      for (int c = 0; c < N; c++) sums[r * N + c] = CK_MULTIPLY_ADD(sums[r * N + c], a, b[c]);
    }
  }
  if (whole < stride) {
    // The last columns, filled up with zeros: a row of weights may end where the file does.
    uint8_t last[8 * CK_VALUE_BYTES] = {0};
    CK_EIGHT a[4];
    for (int r = 0; r < M; r++) {
      memcpy(last, x + (size_t)r * x_stride + whole, stride - whole);
      a[r] = CK_LOAD(last);
    }
    for (int c = 0; c < N; c++) {
      memcpy(last, w + (size_t)c * stride + whole, stride - whole);
      CK_EIGHT b = CK_LOAD(last);
      for (int r = 0; r < M; r++) sums[r * N + c] = CK_MULTIPLY_ADD(sums[r * N + c], a[r], b);
    }
  }
  for (int r = 0; r < M; r++)
    for (int c = 0; c < N; c++)
      ck_put(y + (i + (size_t)r) * o->ldy + c, vaddvq_f32(sums[r * N + c]), o->accumulate);
}

/// All rows of x with N rows of weights, at most 4.
CK_INLINE void CK_STRIP(const int N, const ck_weight_operands *o, const uint8_t *w, float *y) {
  size_t i = 0;
  for (; i + 4 <= o->m; i += 4) CK_TILE(4, N, o, i, w, y);
  for (; i + 2 <= o->m; i += 2) CK_TILE(2, N, o, i, w, y);
  for (; i < o->m; i++) CK_TILE(1, N, o, i, w, y);
}

static void CK_PRODUCT(const ck_weight_operands *o) {
  size_t stride = o->columns * CK_VALUE_BYTES, j = 0;
  const uint8_t *w = (const uint8_t *)o->w + o->first * stride;
  if (o->m == 1)
    for (; j + 8 <= o->n; j += 8) CK_TILE(1, 8, o, 0, w + j * stride, o->y + j);
  for (; j + 4 <= o->n; j += 4) CK_STRIP(4, o, w + j * stride, o->y + j);
  for (; j < o->n; j++) CK_STRIP(1, o, w + j * stride, o->y + j);
}

#undef CK_PASTED
#undef CK_NAMED
#undef CK_TILE
#undef CK_STRIP
#undef CK_PRODUCT
#undef CK_VALUE_BYTES
#undef CK_EIGHT
#undef CK_LOAD
#undef CK_MULTIPLY_ADD
