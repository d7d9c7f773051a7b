#include "kernels.h"

#include "cuda_on_host.h"

#include "../../Sources/CCUDA/kernels/kernels.cu"

#include <utility>

template <class Function>
struct Caller;

template <class... Arguments>
struct Caller<void(Arguments...)> {
  static constexpr size_t sizes[] = {sizeof(Arguments)...};
  static constexpr size_t count = sizeof...(Arguments);

  static void call(void *function, void **parameters) { call(function, parameters, std::index_sequence_for<Arguments...>()); }

  template <size_t... indices>
  static void call(void *function, void **parameters, std::index_sequence<indices...>) {
    ((void (*)(Arguments...))function)(*(Arguments *)parameters[indices]...);
  }
};

#define KERNEL(name) \
  {#name, (void *)name, Caller<decltype(name)>::call, Caller<decltype(name)>::sizes, Caller<decltype(name)>::count}

static const HostKernel kernels[] = {
    KERNEL(add),
    KERNEL(subtract),
    KERNEL(multiply),
    KERNEL(minimum),
    KERNEL(minimum_backward),
    KERNEL(scale),
    KERNEL(add_scaled),
    KERNEL(fill),
    KERNEL(add_constant),
    KERNEL(exponential),
    KERNEL(clamp),
    KERNEL(clamp_backward),
    KERNEL(silu),
    KERNEL(silu_backward),
    KERNEL(gelu),
    KERNEL(gelu_backward),
    KERNEL(swiglu),
    KERNEL(swiglu_narrow),
    KERNEL(swiglu_backward),
    KERNEL(swiglu_backward_narrow),
    KERNEL(narrow),
    KERNEL(widen),
    KERNEL(round_to_bfloat16),
    KERNEL(rms_norm),
    KERNEL(rms_norm_narrow),
    KERNEL(rms_norm_backward),
    KERNEL(rms_norm_backward_narrow),
    KERNEL(rms_norm_of_parts),
    KERNEL(layer_norm),
    KERNEL(layer_norm_backward_input),
    KERNEL(rotary_angles),
    KERNEL(rotary),
    KERNEL(rotary_backward),
    KERNEL(rotary_backward_narrow),
    KERNEL(query_key_value),
    KERNEL(query_key_value_narrow),
    KERNEL(query_key_value_of_parts),
    KERNEL(gather_rows),
    KERNEL(gather_narrow_rows),
    KERNEL(gather_rows_by_slots),
    KERNEL(gather_rows_by_slots_narrow),
    KERNEL(scatter_rows),
    KERNEL(scatter_rows_narrow),
    KERNEL(clear_rows),
    KERNEL(add_rows),
    KERNEL(copy_columns),
    KERNEL(copy_columns_narrow),
    KERNEL(pad_rows),
    KERNEL(add_columns),
    KERNEL(sum_columns),
    KERNEL(sum_columns_narrow),
    KERNEL(norm_backward_weight),
    KERNEL(norm_backward_weight_narrow),
    KERNEL(sum_parts),
    KERNEL(square_parts),
    KERNEL(add_parts),
    KERNEL(find_not_finite),
    KERNEL(log_sum_exp_rows),
    KERNEL(target_log_probabilities),
    KERNEL(log_softmax_backward),
    KERNEL(adamw),
    KERNEL(draw_tokens),
    KERNEL(gather_logits),
    KERNEL(thin_product_16),
    KERNEL(thin_product_32),
    KERNEL(thin_product_64),
    KERNEL(thin_swiglu_16),
    KERNEL(thin_swiglu_32),
    KERNEL(thin_swiglu_64),
    KERNEL(attention),
    KERNEL(attention_combine),
    KERNEL(attention_deltas),
    KERNEL(attention_backward_queries),
    KERNEL(attention_backward_keys),
    KERNEL(attention_tensor_64_64),
    KERNEL(attention_tensor_64_128),
    KERNEL(attention_tensor_80_64),
    KERNEL(attention_tensor_80_128),
    KERNEL(attention_tensor_128_64),
    KERNEL(attention_tensor_128_128),
    KERNEL(attention_combine_narrow),
    KERNEL(attention_deltas_narrow),
    KERNEL(attention_backward_queries_tensor_64),
    KERNEL(attention_backward_queries_tensor_80),
    KERNEL(attention_backward_queries_tensor_128),
    KERNEL(attention_backward_keys_tensor_64),
    KERNEL(attention_backward_keys_tensor_80),
    KERNEL(attention_backward_keys_tensor_128),
    KERNEL(attention_backward_keys_tensor_128_one_stage),
    KERNEL(attention_add_key_parts),
};

const HostKernel *find_kernel(const char *name) {
  for (const HostKernel &kernel : kernels)
    if (!strcmp(kernel.name, name)) return &kernel;
  return nullptr;
}
