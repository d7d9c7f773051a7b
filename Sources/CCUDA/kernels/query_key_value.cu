// Queries, keys and values that one product has made side by side, [rows, (heads + 2 kv_heads) * width]: biases are
// added, queries and keys turned by their rotary positions, and each goes to a matrix of its own. Row i of the keys and
// values goes to row places[i] of theirs, or without places to row i.

struct HeadCounts {
  int heads, kv_heads, width;
};

/// Where the three parts of a row are read and written.
template <class Number>
struct HeadParts {
  const float *bias[3];
  Number *target[3];
};

/// `step` columns at a time.
template <int step, class Source, class Number>
__device__ inline void split_heads_by(
    Source joined, HeadParts<Number> parts, const float *cosines, const float *sines, const int *places,
    long long rows, HeadCounts counts) {
  int width = counts.width, half = width / 2, all = counts.heads + 2 * counts.kv_heads;
  FOR_EACH(i, rows * all * (half / step)) {
    RotaryPair pair(i, all, half / step);
    int column = pair.column * step;
    int part = pair.head < counts.heads ? 0 : pair.head < counts.heads + counts.kv_heads ? 1 : 2;
    int heads = part == 0 ? counts.heads : counts.kv_heads;
    int head = pair.head - (part == 0 ? 0 : part == 1 ? counts.heads : counts.heads + counts.kv_heads);
    // What is small comes first, so that it is on its way with what is large.
    long long row = part == 0 || !places ? pair.row : places[pair.row];
    Some<step> cosine1 = {}, cosine2 = {}, sine1 = {}, sine2 = {};
    if (part < 2) {
      long long angle = pair.row * width + column;
      cosine1 = Some<step>::at(cosines + angle), cosine2 = Some<step>::at(cosines + angle + half);
      sine1 = Some<step>::at(sines + angle), sine2 = Some<step>::at(sines + angle + half);
    }
    const float *bias = part == 0 ? parts.bias[0] : part == 1 ? parts.bias[1] : parts.bias[2];
    float bias1[step] = {}, bias2[step] = {};
    if (bias) {
      bias += head * width + column;
#pragma unroll
      for (int j = 0; j < step; ++j) bias1[j] = bias[j], bias2[j] = bias[half + j];
    }
    long long source = (pair.row * all + pair.head) * width + column;
    Some<step> x[2];
    joined.read(x, {source, source + half});
    auto x1 = x[0], x2 = x[1];
#pragma unroll
    for (int j = 0; j < step; ++j) {
      x1.value[j] += bias1[j];
      x2.value[j] += bias2[j];
    }
    if (part < 2) {
#pragma unroll
      for (int j = 0; j < step; ++j) {
        float y1 = x1.value[j] * cosine1.value[j] - x2.value[j] * sine1.value[j];
        x2.value[j] = x2.value[j] * cosine2.value[j] + x1.value[j] * sine2.value[j];
        x1.value[j] = y1;
      }
    }
    Number *matrix = part == 0 ? parts.target[0] : part == 1 ? parts.target[1] : parts.target[2];
    Number *target = matrix + (row * heads + head) * width + column;
    x1.put_to(target);
    x2.put_to(target + half);
  }
}

template <class Source, class Number>
__device__ inline void split_heads(
    Source joined, HeadParts<Number> parts, const float *cosines, const float *sines, const int *places,
    long long rows, HeadCounts counts) {
  if (counts.width % 8 == 0 && joined.has_fours(counts.width))
    split_heads_by<4>(joined, parts, cosines, sines, places, rows, counts);
  else
    split_heads_by<1>(joined, parts, cosines, sines, places, rows, counts);
}

extern "C" __global__ void query_key_value(
    const float *joined, const float *q_bias, const float *k_bias, const float *v_bias, const float *cosines,
    const float *sines, float *q, float *k, float *v, const int *places, long long rows, int heads, int kv_heads, int width) {
  follow_previous();
  HeadParts<float> parts = {{q_bias, k_bias, v_bias}, {q, k, v}};
  split_heads(Whole<float>{joined}, parts, cosines, sines, places, rows, HeadCounts{heads, kv_heads, width});
}

extern "C" __global__ void query_key_value_narrow(
    const bfloat16 *joined, const float *q_bias, const float *k_bias, const float *v_bias, const float *cosines,
    const float *sines, bfloat16 *q, bfloat16 *k, bfloat16 *v, const int *places, long long rows, int heads, int kv_heads,
    int width) {
  follow_previous();
  HeadParts<bfloat16> parts = {{q_bias, k_bias, v_bias}, {q, k, v}};
  split_heads(Whole<bfloat16>{joined}, parts, cosines, sines, places, rows, HeadCounts{heads, kv_heads, width});
}

/// Of a matrix that is the sum of the parts [count, rows, its columns].
extern "C" __global__ void __launch_bounds__(256, 1) query_key_value_of_parts(
    const float *joined, int count, const float *q_bias, const float *k_bias, const float *v_bias, const float *cosines,
    const float *sines, bfloat16 *q, bfloat16 *k, bfloat16 *v, const int *places, long long rows, int heads, int kv_heads,
    int width) {
  follow_previous();
  HeadParts<bfloat16> parts = {{q_bias, k_bias, v_bias}, {q, k, v}};
  HeadCounts counts = {heads, kv_heads, width};
  SumOfParts sum = {joined, count, rows * (heads + 2 * kv_heads) * width, nullptr};
  split_heads(sum, parts, cosines, sines, places, rows, counts);
}
