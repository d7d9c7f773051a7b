// Adds up the parts of dk and dv of keys whose rows were divided among blocks, in the order of the parts.

/// Keys and the slots of their parts; a block for each and, in the grid's height, for every key head.
struct KeyMerge {
  int first_key, first_slot, slots;
};

extern "C" __global__ void attention_add_key_parts(
    const float *partials, bfloat16 *dk, bfloat16 *dv, const KeyMerge *merges, int kv_heads, int width, int key_count) {
  KeyMerge merge = merges[blockIdx.x / 8];
  int kv_head = blockIdx.y, own = min((int)tensor_keys, key_count - merge.first_key);
  long long size = 2LL * tensor_keys * width, step = kv_heads * size;
  const float *first = partials + ((long long)merge.first_slot * kv_heads + kv_head) * size;
  // A sixteenth of the rows of both matrices to a warp: eight blocks for the 128 rows.
  for (int row = blockIdx.x % 8 * 16 + threadIdx.x / 32; row < (int)(blockIdx.x % 8) * 16 + 16; row += 8) {
    int key = row % tensor_keys;
    if (key >= own) continue;
    bfloat16 *target = row < tensor_keys ? dk : dv;
    target += ((long long)(merge.first_key + key) * kv_heads + kv_head) * width;
    for (int column = threadIdx.x % 32; column < width; column += 32) {
      float sum = 0;
#pragma unroll 4
      for (int slot = 0; slot < merge.slots; ++slot) sum += first[slot * step + row * width + column];
      target[column] = narrowed(sum);
    }
  }
}
