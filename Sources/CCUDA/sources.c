// Embeds the kernels with C23's #embed. A new file is two entries here: its bytes and its name.
#include "CCUDA.h"

static const char kernels_cu[] = {
#embed "kernels/kernels.cu" suffix(, 0)
};
static const char numbers_cuh[] = {
#embed "kernels/numbers.cuh" suffix(, 0)
};
static const char blocks_cuh[] = {
#embed "kernels/blocks.cuh" suffix(, 0)
};
static const char parts_cuh[] = {
#embed "kernels/parts.cuh" suffix(, 0)
};
static const char thin_product_cu[] = {
#embed "kernels/thin_product.cu" suffix(, 0)
};
static const char elementwise_cu[] = {
#embed "kernels/elementwise.cu" suffix(, 0)
};
static const char activations_cu[] = {
#embed "kernels/activations.cu" suffix(, 0)
};
static const char swiglu_cu[] = {
#embed "kernels/swiglu.cu" suffix(, 0)
};
static const char query_key_value_cu[] = {
#embed "kernels/query_key_value.cu" suffix(, 0)
};
static const char conversions_cu[] = {
#embed "kernels/conversions.cu" suffix(, 0)
};
static const char rms_norm_cu[] = {
#embed "kernels/rms_norm.cu" suffix(, 0)
};
static const char layer_norm_cu[] = {
#embed "kernels/layer_norm.cu" suffix(, 0)
};
static const char rotary_cu[] = {
#embed "kernels/rotary.cu" suffix(, 0)
};
static const char rows_cu[] = {
#embed "kernels/rows.cu" suffix(, 0)
};
static const char columns_cu[] = {
#embed "kernels/columns.cu" suffix(, 0)
};
static const char reductions_cu[] = {
#embed "kernels/reductions.cu" suffix(, 0)
};
static const char log_softmax_cu[] = {
#embed "kernels/log_softmax.cu" suffix(, 0)
};
static const char draw_tokens_cu[] = {
#embed "kernels/draw_tokens.cu" suffix(, 0)
};
static const char tensor_cores_cuh[] = {
#embed "kernels/tensor_cores.cuh" suffix(, 0)
};
static const char attention_tensor_cu[] = {
#embed "kernels/attention_tensor.cu" suffix(, 0)
};
static const char asynchronous_copies_cuh[] = {
#embed "kernels/asynchronous_copies.cuh" suffix(, 0)
};
static const char attention_tensor_tiles_cuh[] = {
#embed "kernels/attention_tensor_tiles.cuh" suffix(, 0)
};
static const char attention_combine_cu[] = {
#embed "kernels/attention_combine.cu" suffix(, 0)
};
static const char attention_products_cuh[] = {
#embed "kernels/attention_products.cuh" suffix(, 0)
};
static const char attention_backward_queries_tensor_cu[] = {
#embed "kernels/attention_backward_queries_tensor.cu" suffix(, 0)
};
static const char attention_backward_keys_tensor_cu[] = {
#embed "kernels/attention_backward_keys_tensor.cu" suffix(, 0)
};
static const char attention_add_key_parts_cu[] = {
#embed "kernels/attention_add_key_parts.cu" suffix(, 0)
};
static const char adamw_cu[] = {
#embed "kernels/adamw.cu" suffix(, 0)
};
static const char attention_tiles_cuh[] = {
#embed "kernels/attention_tiles.cuh" suffix(, 0)
};
static const char attention_forward_cu[] = {
#embed "kernels/attention_forward.cu" suffix(, 0)
};
static const char attention_backward_cu[] = {
#embed "kernels/attention_backward.cu" suffix(, 0)
};

static const ar1_cuda_source sources[] = {
    {"kernels.cu", kernels_cu},
    {"numbers.cuh", numbers_cuh},
    {"blocks.cuh", blocks_cuh},
    {"parts.cuh", parts_cuh},
    {"thin_product.cu", thin_product_cu},
    {"elementwise.cu", elementwise_cu},
    {"activations.cu", activations_cu},
    {"swiglu.cu", swiglu_cu},
    {"query_key_value.cu", query_key_value_cu},
    {"conversions.cu", conversions_cu},
    {"rms_norm.cu", rms_norm_cu},
    {"layer_norm.cu", layer_norm_cu},
    {"rotary.cu", rotary_cu},
    {"rows.cu", rows_cu},
    {"columns.cu", columns_cu},
    {"reductions.cu", reductions_cu},
    {"log_softmax.cu", log_softmax_cu},
    {"adamw.cu", adamw_cu},
    {"asynchronous_copies.cuh", asynchronous_copies_cuh},
    {"attention_tensor_tiles.cuh", attention_tensor_tiles_cuh},
    {"attention_combine.cu", attention_combine_cu},
    {"attention_products.cuh", attention_products_cuh},
    {"attention_backward_queries_tensor.cu", attention_backward_queries_tensor_cu},
    {"attention_backward_keys_tensor.cu", attention_backward_keys_tensor_cu},
    {"attention_add_key_parts.cu", attention_add_key_parts_cu},
    {"tensor_cores.cuh", tensor_cores_cuh},
    {"attention_tensor.cu", attention_tensor_cu},
    {"draw_tokens.cu", draw_tokens_cu},
    {"attention_tiles.cuh", attention_tiles_cuh},
    {"attention_forward.cu", attention_forward_cu},
    {"attention_backward.cu", attention_backward_cu},
};

size_t ar1_cuda_source_count(void) { return sizeof sources / sizeof sources[0]; }

ar1_cuda_source ar1_cuda_source_at(size_t index) {
  return index < ar1_cuda_source_count() ? sources[index] : (ar1_cuda_source){"", ""};
}
