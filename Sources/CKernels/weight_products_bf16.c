/// Few rows of x with bfloat16 weights, multiplied as bfloat16 and summed in float32 (AVX-512 BF16).
#include "avx512.h"
#include "weight_products.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target(CK_AVX512 ",avx512bf16"))), apply_to = function)

enum {
  /// How far ahead of the arithmetic weights are fetched, in bytes: for a single row of x, and for a few. Less and memory
  /// answers too late; more and the first cache of 48 KiB loses rows of x.
  AHEAD = 4 << 10,
  AHEAD_OF_FEW = 12 << 10,
  /// Columns of a vector, and bytes of a line of the cache.
  WIDTH = 32,
  LINE = 64,
  /// Rows of weights that few rows of x are multiplied with at a time: with 8 of x their sums fill the registers.
  ROWS = 3,
  /// Rows of x that take more than this together do not stay in the first cache from one row of weights to the next:
  /// they are multiplied in parts.
  MOST_STAYING = 32 << 10,
  /// The most columns of a part, and strips of rows of weights that use it before the next one is read.
  PART = 1408,
  STRIPS = 4,
};

/// What is fetched beside the arithmetic. Otherwise the processor would wait for memory.
typedef enum {
  NOTHING,
  /// As many lines as are read, one after the other: memory is quickest with a single stream.
  ONE_STREAM,
  /// Each row's successor in the next strip.
  ROW_BY_ROW,
} fetching;

CK_INLINE __m512bh load(const uint8_t *source) {
  return (__m512bh)_mm512_loadu_si512((const void *)source);
}

/// A row of weights that is read from its beginning to its end. In a file it may begin anywhere, and a vector that lies
/// on two lines of the cache takes as long as two: CROSSING rows are read line by line, and each vector is put together
/// of two of them. (The lines hold parts of the row, so that their pages are there to be read.)
typedef struct {
  const uint8_t *start;
  __m512i line;
} row_reader;

CK_INLINE row_reader read_row(const bool CROSSING, const uint8_t *start) {
  row_reader row = {start, _mm512_setzero_si512()};
  if (CROSSING) {
    row.start = (const uint8_t *)((uintptr_t)start & ~(uintptr_t)(LINE - 1));
    row.line = _mm512_load_si512((const void *)row.start);
  }
  return row;
}

/// Where the four bytes of each lane of a vector at `start` lie in two lines.
CK_INLINE __m512i lane_places(const uint8_t *start) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_add_epi32(lanes, _mm512_set1_epi32((int)((uintptr_t)start % LINE / 4)));
}

/// The vector `at` bytes behind the beginning; vectors are read one after the other.
CK_INLINE __m512bh next_vector(const bool CROSSING, row_reader *row, size_t at, __m512i places) {
  if (!CROSSING) return load(row->start + at);
  __m512i line = _mm512_load_si512((const void *)(row->start + at + LINE));
  __m512i vector = _mm512_permutex2var_epi32(row->line, places, line);
  row->line = line;
  return (__m512bh)vector;
}

/// A single row of x with N rows of weights side by side, at most 4: as many streams the processor fetches by
/// itself.
CK_INLINE void vector_product(
    const int N, const uint8_t *x, const uint8_t *w, size_t columns, float *y, bool accumulate) {
  __m512 sums[16];
  for (int j = 0; j < 16; j++) sums[j] = _mm512_setzero_ps();
  size_t stride = 2 * columns, whole = columns / WIDTH * 2 * WIDTH;
  ck_fetch_page_heads(w + AHEAD, (size_t)N * stride);
  for (size_t at = 0; at < whole; at += 2 * WIDTH) {
    __m512bh a = load(x + at);
    for (int j = 0; j < N; j++) sums[j] = _mm512_dpbf16_ps(sums[j], a, load(w + (size_t)j * stride + at));
  }
  if (whole < stride) {
    // The row of x is filled up with zeros; a row of weights ends here, perhaps with the file.
    __mmask32 rest = (__mmask32)((1ull << (columns % WIDTH)) - 1);
    for (int j = 0; j < N; j++) {
      __m512bh b = (__m512bh)_mm512_maskz_loadu_epi16(rest, w + (size_t)j * stride + whole);
      sums[j] = _mm512_dpbf16_ps(sums[j], load(x + whole), b);
    }
  }
  float dots[16];
  _mm512_storeu_ps(dots, ck_sums16(sums));
  for (int j = 0; j < N; j++) ck_put(y + j, dots[j], accumulate);
}

/// Adds the products of M rows of x with N of weights to sums[PITCH * j + i], or begins them. Meanwhile it fetches what
/// lies at `next`. Every lane adds in the order of the columns, so that the sums are the same to the last bit, however
/// many rows of x are multiplied at once.
CK_INLINE void add_products(
    const int M, const int N, const int PITCH, const bool CROSSING, const uint8_t *x, size_t x_stride, const uint8_t *w,
    size_t w_stride, size_t columns, const fetching FETCHED, const uint8_t *next, __m512 *sums, bool begins) {
  // In registers while they are added to.
  __m512 s[8][4];
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) s[i][j] = begins ? _mm512_setzero_ps() : sums[PITCH * j + i];
  row_reader rows[4];
  for (int j = 0; j < N; j++) rows[j] = read_row(CROSSING, w + (size_t)j * w_stride);
  __m512i places = lane_places(w);
  size_t l = 0;
#pragma clang loop unroll(disable)
  for (; l + WIDTH <= columns; l += WIDTH) {
    __m512bh b[4];
    for (int j = 0; j < N; j++) b[j] = next_vector(CROSSING, &rows[j], 2 * l, places);
    // They are read once and shall not drive out the rows of x.
    if (FETCHED == ONE_STREAM)
      for (int j = 0; j < N; j++) _mm_prefetch((const char *)(next + (size_t)N * 2 * l + LINE * j), _MM_HINT_NTA);
    if (FETCHED == ROW_BY_ROW)
      for (int j = 0; j < N; j++) _mm_prefetch((const char *)(next + (size_t)j * w_stride + 2 * l), _MM_HINT_NTA);
    for (int i = 0; i < M; i++) {
      __m512bh a = load(x + (size_t)i * x_stride + 2 * l);
      for (int j = 0; j < N; j++) s[i][j] = _mm512_dpbf16_ps(s[i][j], a, b[j]);
    }
  }
  if (l < columns) {
    // Rows of x are filled up with zeros; a row of weights ends here, perhaps with the file.
    __mmask32 rest = (__mmask32)((1ull << (columns - l)) - 1);
    for (int j = 0; j < N; j++) {
      __m512bh b = (__m512bh)_mm512_maskz_loadu_epi16(rest, w + (size_t)j * w_stride + 2 * l);
      for (int i = 0; i < M; i++)
        s[i][j] = _mm512_dpbf16_ps(s[i][j], load(x + (size_t)i * x_stride + 2 * l), b);
    }
  }
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) sums[PITCH * j + i] = s[i][j];
  for (int i = M; begins && i < PITCH; i++)
    for (int j = 0; j < N; j++) sums[PITCH * j + i] = _mm512_setzero_ps();
}

/// Stores the sums of M rows of x and N of weights.
CK_INLINE void put(
    const int M, const int N, const int PITCH, const __m512 *sums, float *y, size_t ldy, bool accumulate) {
  for (int first = 0; first < N * PITCH; first += 16) {
    float dots[16];
    _mm512_storeu_ps(dots, ck_sums16(sums + first));
    for (int at = first; at < first + 16; at++) {
      int i = at % PITCH, j = at / PITCH;
      if (i < M && j < N) ck_put(y + (size_t)i * ldy + j, dots[at - first], accumulate);
    }
  }
}

/// M rows of x, at most 8, with N rows of weights.
CK_INLINE void strip(
    const int M, const int N, const bool CROSSING, const ck_weight_operands *o, const uint8_t *x, const uint8_t *w,
    const fetching FETCHED, const uint8_t *next, float *y) {
  const int PITCH = M > 4 ? 8 : 4;
  size_t stride = 2 * o->columns, x_stride = ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, o->columns);
  __m512 sums[32];
  // What `put` takes besides the sums.
  for (int i = PITCH * N; i % 16 > 0; i++) sums[i] = _mm512_setzero_ps();
  add_products(M, N, PITCH, CROSSING, x, x_stride, w, stride, o->columns, FETCHED, next, sums, true);
  put(M, N, PITCH, sums, y, o->ldy, o->accumulate);
}

/// M rows of x, at most 8, that stay in the first cache.
CK_INLINE void staying_rows(const int M, const bool CROSSING, const ck_weight_operands *o, const uint8_t *w) {
  size_t stride = 2 * o->columns, j = 0;
  for (; j + ROWS <= o->n; j += ROWS) {
    const uint8_t *rows = w + j * stride;
    strip(M, ROWS, CROSSING, o, o->x, rows, ONE_STREAM, rows + AHEAD_OF_FEW, o->y + j);
  }
  for (; j < o->n; j++) strip(M, 1, CROSSING, o, o->x, w + j * stride, NOTHING, NULL, o->y + j);
}

/// M rows of x, at most 8, with some strips of N rows of weights, part after part; the sums wait in memory meanwhile.
CK_INLINE void strips_in_parts(
    const int M, const int N, const bool CROSSING, size_t strips, const ck_weight_operands *o, const uint8_t *w, float *y) {
  size_t stride = 2 * o->columns, x_stride = ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, o->columns);
  const uint8_t *x = o->x;
  __m512 sums[STRIPS][32];
  // What `put` takes besides the sums.
  for (size_t s = 0; s < strips; s++)
    for (int i = 8 * N; i < 32; i++) sums[s][i] = _mm512_setzero_ps();
  size_t parts = (o->columns + PART - 1) / PART;
  size_t width = ((o->columns + parts - 1) / parts + WIDTH - 1) / WIDTH * WIDTH;
  for (size_t l = 0; l < o->columns; l += width) {
    size_t count = o->columns - l < width ? o->columns - l : width;
    for (size_t s = 0; s < strips; s++) {
      const uint8_t *part = w + s * N * stride + 2 * l, *next = part + (size_t)N * stride;
      if (s + 1 == strips && l + width < o->columns) next = w + 2 * (l + width);
      add_products(M, N, 8, CROSSING, x + 2 * l, x_stride, part, stride, count, ROW_BY_ROW, next, sums[s], l == 0);
    }
  }
  for (size_t s = 0; s < strips; s++) put(M, N, 8, sums[s], y + s * N, o->ldy, o->accumulate);
}

/// M rows of x, at most 8, that do not stay in the first cache.
CK_INLINE void long_rows(const int M, const bool CROSSING, const ck_weight_operands *o, const uint8_t *w) {
  size_t stride = 2 * o->columns, j = 0;
  while (j + ROWS <= o->n) {
    size_t strips = (o->n - j) / ROWS < STRIPS ? (o->n - j) / ROWS : STRIPS;
    strips_in_parts(M, ROWS, CROSSING, strips, o, w + j * stride, o->y + j);
    j += ROWS * strips;
  }
  for (; j < o->n; j++) strips_in_parts(M, 1, CROSSING, 1, o, w + j * stride, o->y + j);
}

/// M rows of x, at most 8.
CK_INLINE void few_rows(const int M, const bool CROSSING, const ck_weight_operands *o, const uint8_t *w) {
  if ((size_t)M * 2 * o->columns <= MOST_STAYING)
    staying_rows(M, CROSSING, o, w);
  else
    long_rows(M, CROSSING, o, w);
}

/// More than 8 rows of x, 4 at a time, with N rows of weights. The next ones are fetched twice, as what was fetched first
/// may have been driven out by rows of x.
CK_INLINE void many_rows(const int N, const bool CROSSING, const ck_weight_operands *o, const uint8_t *w, float *y) {
  size_t stride = 2 * o->columns, x_stride = ck_operand_row_bytes(CK_WEIGHTS_BFLOAT16, o->columns), i = 0;
  const uint8_t *x = o->x, *next = w + (size_t)N * stride;
  for (; i < 8; i += 4) strip(4, N, CROSSING, o, x + i * x_stride, w, ROW_BY_ROW, next, y + i * o->ldy);
  for (; i + 4 <= o->m; i += 4) strip(4, N, CROSSING, o, x + i * x_stride, w, NOTHING, NULL, y + i * o->ldy);
  for (; i < o->m; i++) strip(1, N, CROSSING, o, x + i * x_stride, w, NOTHING, NULL, y + i * o->ldy);
}

CK_INLINE void product(const bool CROSSING, const ck_weight_operands *o, const uint8_t *w) {
  size_t stride = 2 * o->columns, j = 0;
  switch (o->m) {
  case 1:
    for (; j + 4 <= o->n; j += 4)
      vector_product(4, o->x, w + j * stride, o->columns, o->y + j, o->accumulate);
    for (; j < o->n; j++) vector_product(1, o->x, w + j * stride, o->columns, o->y + j, o->accumulate);
    return;
  case 2: few_rows(2, CROSSING, o, w); return;
  case 3: few_rows(3, CROSSING, o, w); return;
  case 4: few_rows(4, CROSSING, o, w); return;
  case 5: few_rows(5, CROSSING, o, w); return;
  case 6: few_rows(6, CROSSING, o, w); return;
  case 7: few_rows(7, CROSSING, o, w); return;
  case 8: few_rows(8, CROSSING, o, w); return;
  }
  for (; j + 4 <= o->n; j += 4) many_rows(4, CROSSING, o, w + j * stride, o->y + j);
  for (; j < o->n; j++) many_rows(1, CROSSING, o, w + j * stride, o->y + j);
}

void ck_weight_product_avx512_bf16(const ck_weight_operands *o) {
  size_t stride = 2 * o->columns;
  const uint8_t *w = (const uint8_t *)o->w + o->first * stride;
  // All rows lie on the lines of the cache as the first does.
  if (stride % LINE == 0 && (uintptr_t)w % LINE != 0 && (uintptr_t)w % 4 == 0)
    product(true, o, w);
  else
    product(false, o, w);
}

#pragma clang attribute pop
#endif
