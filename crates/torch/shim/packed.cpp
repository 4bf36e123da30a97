// Convolutions and linear maps with packed weights. None of them has a gradient, so that a call that would need one is an error.

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/grad_mode.h>

#include "guarded.h"
#include "kernels/dispatch.h"

namespace {

using at::Tensor;

void check_no_gradient(std::initializer_list<const Tensor*> inputs) {
  if (!at::GradMode::is_enabled()) return;
  for (const Tensor* input : inputs) {
    TORCH_CHECK(input == nullptr || !input->requires_grad(), "this function has no gradient, but an input requires one");
  }
}

// Calls an operation of oneDNN that is registered with the dispatcher and has no C++ interface.
Tensor dispatched(const c10::OperatorHandle& operation, torch::jit::Stack stack) {
  at::NoGradGuard no_gradient;
  operation.callBoxed(&stack);
  return stack.at(0).toTensor();
}

c10::OperatorHandle operation(const char* name, const char* overload) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
}

c10::IValue no_scalars() { return c10::List<std::optional<at::Scalar>>(); }

}  // namespace

extern "C" {

// The weight (outputs, inputs, height, width) of a convolution, in an order for inputs of the given shape.
char* tweedie_pack_convolution(const Tensor* weight, const int64_t* stride, const int64_t* padding, const int64_t* input, Tensor** made) {
  return guarded([&] {
    at::NoGradGuard no_gradient;
    const Tensor plain = weight->contiguous(at::MemoryFormat::ChannelsLast).to_mkldnn();
    const std::array<int64_t, 2> dilation = {1, 1};
    *made = new Tensor(at::mkldnn_reorder_conv2d_weight(plain, {padding, 2}, {stride, 2}, dilation, 1, at::IntArrayRef(input, 4)));
  });
}

// The convolution of x, (N, C, H, W), in the memory order N, H, W, C. If `sum` is given, the result is added to it in place.
char* tweedie_packed_convolution(const Tensor* x, const Tensor* weight, const Tensor* bias, const int64_t* stride, const int64_t* padding,
                                 Tensor* sum, Tensor** made) {
  return guarded([&] {
    check_no_gradient({x, bias, sum});
    const std::array<int64_t, 2> ones = {1, 1};
    const at::IntArrayRef strides(stride, 2), paddings(padding, 2), dilation(ones);
    if (sum == nullptr) {
      static const auto plain = operation("mkldnn::_convolution_pointwise", "");
      *made = new Tensor(dispatched(plain, {*x, *weight, *bias, paddings, strides, dilation, int64_t{1}, "none", no_scalars(), ""}));
    } else {
      static const auto added = operation("mkldnn::_convolution_pointwise_", "binary");
      *made = new Tensor(dispatched(added, {*sum, *x, *weight, *bias, paddings, strides, dilation, int64_t{1}, "add", at::Scalar(1.0),
                                            c10::IValue(), no_scalars(), c10::IValue()}));
    }
  });
}

// The weight (outputs, inputs) of a linear map, in an order for about `rows` vectors.
char* tweedie_pack_linear(const Tensor* weight, int64_t rows, Tensor** made) {
  return guarded([&] {
    static const auto pack = operation("mkldnn::_reorder_linear_weight", "");
    *made = new Tensor(dispatched(pack, {*weight, rows}));
  });
}

// The linear map of x, (..., inputs), plus `sum` if it is given.
char* tweedie_packed_linear(const Tensor* x, const Tensor* weight, const Tensor* bias, const Tensor* sum, Tensor** made) {
  return guarded([&] {
    check_no_gradient({x, bias, sum});
    if (sum == nullptr) {
      static const auto plain = operation("mkldnn::_linear_pointwise", "");
      *made = new Tensor(dispatched(plain, {*x, *weight, *bias, "none", no_scalars(), ""}));
    } else {
      static const auto added = operation("mkldnn::_linear_pointwise", "binary");
      *made = new Tensor(dispatched(added, {*x, *sum, *weight, *bias, "add"}));
    }
  });
}

// x·weight + bias for x (N, inputs) and weight (inputs, padded), f32: the first `outputs` columns.
char* tweedie_row_map(const Tensor* x, const Tensor* weight, const Tensor* bias, int64_t outputs, Tensor** made) {
  return guarded([&] {
    check_no_gradient({x});
    const int64_t padded = weight->size(1), inputs = weight->size(0), columns = 32;
    TORCH_CHECK(x->dim() == 2 && x->size(1) == inputs && x->device().is_cpu(), "x has shape ", x->sizes(), "; it must be (N, ", inputs, ")");
    TORCH_CHECK(padded % columns == 0 && outputs <= padded && bias->numel() == padded, "the weights are not padded");
    const Tensor rows = x->to(at::kFloat).contiguous();
    Tensor y = at::empty({x->size(0), outputs}, rows.options());
    const auto run = kernels().row_map;
    const float *from = rows.const_data_ptr<float>(), *w = weight->const_data_ptr<float>(), *b = bias->const_data_ptr<float>();
    float* to = y.mutable_data_ptr<float>();
    // A thread is worth starting for about 10⁵ products.
    const int64_t n = x->size(0), grain = std::max<int64_t>(1, 100000 / std::max<int64_t>(1, n * inputs * columns));
    at::parallel_for(0, padded / columns, grain, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k) {
        if (k * columns < outputs) run(from, w, b, to, n, inputs, outputs, padded, k * columns);
      }
    });
    *made = new Tensor(std::move(y));
  });
}

}  // extern "C"
