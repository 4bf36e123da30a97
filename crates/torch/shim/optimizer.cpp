// The update of the parameters in one pass over memory, on a CPU.

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include "guarded.h"
#include "kernels/dispatch.h"

extern "C" {

char* tweedie_adamw(at::Tensor* values, const at::Tensor* gradients, at::Tensor* first, at::Tensor* second, const AdamWNumbers* numbers) {
  return guarded([&] {
    const int64_t n = values->numel();
    const at::Tensor* all[] = {values, gradients, first, second};
    for (const at::Tensor* tensor : all) {
      TORCH_CHECK(tensor->scalar_type() == at::kFloat && tensor->device().is_cpu() && tensor->is_contiguous() && tensor->numel() == n,
                  "an update needs contiguous f32 tensors of one size on the CPU");
    }
    float *x = values->mutable_data_ptr<float>(), *m = first->mutable_data_ptr<float>(), *v = second->mutable_data_ptr<float>();
    const float* g = gradients->const_data_ptr<float>();
    const auto run = kernels().adamw;
    // Parts begin at multiples of 16 values, so that the result does not depend on the number of threads.
    constexpr int64_t PART = 1 << 14;
    at::parallel_for(0, (n + PART - 1) / PART, 1, [&](int64_t begin, int64_t end) {
      const int64_t from = begin * PART, to = std::min(n, end * PART);
      run(x + from, g + from, m + from, v + from, to - from, *numbers);
    });
    for (at::Tensor* changed : {values, first, second}) changed->unsafeGetTensorImpl()->bump_version();
  });
}

}  // extern "C"
