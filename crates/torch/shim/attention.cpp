// Self-attention on a CPU for heads whose keys fit into the caches. No result depends on the batch size or the number of threads.

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "guarded.h"
#include "kernels/dispatch.h"

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The sizes of a call.
struct Sizes {
  int64_t n, tokens, heads, width;

  Sizes(const Tensor& qkv, int64_t heads)
      : n(qkv.size(0)), tokens(qkv.size(1)), heads(heads), width(qkv.size(2) / (3 * heads)) {}

  // Bytes of the queries of a sample.
  int64_t bytes(const Tensor& qkv) const { return qkv.element_size() * tokens * heads * width; }

  // Runs code(sample, head, part, scratch) for every sample and head and `parts` parts of each.
  template <class Code>
  void in_parallel(int64_t parts, const Code& code) const {
    at::parallel_for(0, n * heads * parts, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> scratch(attention_scratch(tokens, width));
      for (int64_t task = begin; task < end; ++task) code(task / parts / heads, task / parts % heads, task % parts, scratch.data());
    });
  }
};

struct Attention : torch::autograd::Function<Attention> {
  static Tensor forward(AutogradContext* context, const Tensor& qkv, int64_t heads) {
    const Sizes sizes(qkv, heads);
    Tensor out = at::empty({sizes.n, sizes.tokens, heads * sizes.width}, qkv.options());
    const auto run = kernels().attention[qkv.scalar_type() == at::kBFloat16];
    const char* from = static_cast<const char*>(qkv.const_data_ptr());
    char* to = static_cast<char*>(out.mutable_data_ptr());
    const int64_t bytes = sizes.bytes(qkv);
    // Each part reads all keys and values of its head, which is little beside the products of so many queries.
    constexpr int64_t PART = 256;
    sizes.in_parallel((sizes.tokens + PART - 1) / PART, [&](int64_t i, int64_t head, int64_t part, float* scratch) {
      const int64_t end = std::min(sizes.tokens, (part + 1) * PART);
      run(from + 3 * i * bytes, to + i * bytes, sizes.tokens, heads, sizes.width, head, part * PART, end, scratch);
    });
    context->save_for_backward({qkv});
    context->saved_data["heads"] = heads;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    // The sums of this pass have no derivative of their own.
    TORCH_CHECK(!at::GradMode::is_enabled(), "the fused attention has no second derivative");
    const variable_list saved = context->get_saved_variables();
    const Tensor& qkv = saved[0];
    const Sizes sizes(qkv, context->saved_data["heads"].toInt());
    const Tensor d_out = gradients[0].to(qkv.scalar_type()).contiguous();
    Tensor d_qkv = at::empty_like(qkv);
    const auto run = kernels().attention_backward[qkv.scalar_type() == at::kBFloat16];
    const char *from = static_cast<const char*>(qkv.const_data_ptr()), *slope = static_cast<const char*>(d_out.const_data_ptr());
    char* to = static_cast<char*>(d_qkv.mutable_data_ptr());
    const int64_t bytes = sizes.bytes(qkv);
    sizes.in_parallel(1, [&](int64_t i, int64_t head, int64_t, float* scratch) {
      run(from + 3 * i * bytes, slope + i * bytes, to + 3 * i * bytes, sizes.tokens, sizes.heads, sizes.width, head, scratch);
    });
    return {d_qkv, {}};
  }
};

}  // namespace

extern "C" {

// qkv (N, tokens, 3·heads·width) → (N, tokens, heads·width).
char* tweedie_attention(const Tensor* qkv, int64_t heads, Tensor** made) {
  return guarded([&] {
    TORCH_CHECK(qkv->dim() == 3 && qkv->device().is_cpu(), "queries, keys and values must be a tensor of three axes on the CPU");
    TORCH_CHECK(qkv->scalar_type() == at::kFloat || qkv->scalar_type() == at::kBFloat16, "attention takes f32 or bf16");
    const int64_t tokens = qkv->size(1), columns = qkv->size(2), width = heads > 0 ? columns / (3 * heads) : 0;
    TORCH_CHECK(width * 3 * heads == columns && width % 16 == 0 && width > 0 && tokens % 16 == 0 && tokens > 0,
                "the numbers of tokens and of features per head must be multiples of 16");
    *made = new Tensor(Attention::apply(qkv->contiguous(), heads));
  });
}

}  // extern "C"
