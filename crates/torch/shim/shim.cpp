// Functions of LibTorch that tch does not expose. The calls are device-generic, since this file must link against LibTorch without CUDA.
// Every function that can fail returns null, or a message that the caller frees.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include <malloc.h>
#include <omp.h>
#include <unistd.h>

#include "guarded.h"

// Part of LibTorch only where it is built with MKL.
extern "C" int MKL_Set_Num_Threads_Local(int n) __attribute__((weak));

namespace {

// A part of a network that is implemented in Rust. `run` computes outputs from `inputs` and writes them to `outputs`. They are at most
// `room` tensors on the heap, which this struct then owns. It returns the number of outputs, or -1 after an error.
struct Part : torch::CustomClassHolder {
  using Run = int64_t (*)(void* code, const at::Tensor* const* inputs, size_t n, at::Tensor** outputs, size_t room);
  using Drop = void (*)(void* code);

  Part(void* code, Run run, Drop drop) : code(code), run(run), drop(drop) {}
  ~Part() override { drop(code); }

  torch::autograd::variable_list operator()(const torch::autograd::variable_list& inputs) const {
    constexpr size_t room = 64;
    at::Tensor* outputs[room];
    std::vector<const at::Tensor*> pointers;
    for (const auto& input : inputs) pointers.push_back(&input);
    const int64_t n = run(code, pointers.data(), pointers.size(), outputs, room);
    TORCH_CHECK(n >= 0, "a checkpointed part of the network failed");
    torch::autograd::variable_list list;
    for (int64_t i = 0; i < n; ++i) {
      list.push_back(std::move(*outputs[i]));
      delete outputs[i];
    }
    return list;
  }

  void* code;
  Run run;
  Drop drop;
};

// Computes a part without keeping its activations, and computes it again in the backward pass (Chen et al. 2016). The global generator
// gives the same numbers in both passes.
struct Checkpointed : torch::autograd::Function<Checkpointed> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                at::TensorList list, c10::intrusive_ptr<Part> part) {
    const torch::autograd::variable_list inputs = list.vec();
    context->save_for_backward(inputs);
    context->saved_data["random"] = generator(inputs).get_state();
    auto outputs = (*part)(inputs);
    context->saved_data["part"] = c10::IValue::make_capsule(std::move(part));
    return outputs;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    torch::autograd::variable_list inputs;
    for (const auto& saved : context->get_saved_variables()) {
      inputs.push_back(saved.detach().set_requires_grad(saved.requires_grad()));
    }
    auto random = generator(inputs);
    const at::Tensor now = random.get_state();
    random.set_state(context->saved_data["random"].toTensor());
    torch::autograd::variable_list outputs;
    {
      at::AutoGradMode with_gradient(true);
      outputs = (*static_cast<Part*>(context->saved_data["part"].toCapsule().get()))(inputs);
    }
    random.set_state(now);
    torch::autograd::variable_list differentiable, upstream;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].requires_grad() && gradients[i].defined()) {
        differentiable.push_back(outputs[i]);
        upstream.push_back(gradients[i]);
      }
    }
    torch::autograd::backward(differentiable, upstream);
    torch::autograd::variable_list found;
    for (const auto& input : inputs) found.push_back(input.grad());
    found.emplace_back();  // The part has no gradient.
    return found;
  }

  static at::Generator generator(const torch::autograd::variable_list& inputs) {
    return at::globalContext().defaultGenerator(inputs.at(0).device());
  }
};

}  // namespace

extern "C" {

void tweedie_free_message(char* message) { std::free(message); }

// Ends the process without destructors of static objects, which other threads may still use.
[[noreturn]] void tweedie_exit_now(int status) { _exit(status); }

// Lets the C library keep freed memory instead of returning it to the system. The greatest threshold it takes is 32 MiB.
bool tweedie_keep_freed_memory() {
  return mallopt(M_MMAP_THRESHOLD, 32 << 20) && mallopt(M_TRIM_THRESHOLD, -1) && mallopt(M_TOP_PAD, 64 << 20);
}

// Sets the number of threads of the operations that the calling thread starts. Products by MKL have a number of their own.
char* tweedie_limit_threads(int n) {
  return guarded([&] {
    // A thread takes over the number of the process when it first needs one: once in the library, and once in this file, which has its own
    // copy of the inline function.
    at::get_num_threads();
    at::internal::lazy_init_num_threads();
    omp_set_num_threads(n);
    if (MKL_Set_Num_Threads_Local) MKL_Set_Num_Threads_Local(n);
  });
}

char* tweedie_cpu_capability() { return message_of(at::get_cpu_capability().c_str()); }

char* tweedie_build_configuration() { return message_of(at::show_config().c_str()); }

char* tweedie_generator_new(uint64_t seed, at::Generator** made) {
  return guarded([&] { *made = new at::Generator(at::detail::createCPUGenerator(seed)); });
}

void tweedie_generator_free(at::Generator* generator) { delete generator; }

char* tweedie_generator_randn(at::Generator* generator, const int64_t* shape, size_t n_axes, at::Tensor** made) {
  return guarded([&] {
    at::IntArrayRef sizes(shape, n_axes);
    *made = new at::Tensor(at::randn(sizes, *generator, at::TensorOptions().dtype(at::kFloat).device(at::kCPU)));
  });
}

char* tweedie_set_grad(at::Tensor* leaf, const at::Tensor* gradient) {
  return guarded([&] {
    TORCH_CHECK(leaf->defined() && gradient->defined(), "a gradient needs tensors that hold values");
    TORCH_CHECK(leaf->is_leaf(), "only a leaf keeps its gradient");
    TORCH_CHECK(leaf->sizes() == gradient->sizes(), "a gradient of shape ", gradient->sizes(),
                " does not fit a tensor of shape ", leaf->sizes());
    TORCH_CHECK(leaf->dtype() == gradient->dtype(), "a gradient of kind ", gradient->dtype(),
                " does not fit a tensor of kind ", leaf->dtype());
    TORCH_CHECK(leaf->device() == gradient->device(), "a gradient on ", gradient->device(),
                " does not fit a tensor on ", leaf->device());
    leaf->mutable_grad() = *gradient;
  });
}

// The version counts the changes of a tensor in place.
uint64_t tweedie_version(const at::Tensor* tensor) { return tensor->_version(); }

bool tweedie_gradients_enabled() { return at::GradMode::is_enabled(); }

// Makes changes of `whole` in place count as changes of `part`, which must be a view of the same memory.
char* tweedie_share_version(const at::Tensor* part, const at::Tensor* whole) {
  return guarded([&] {
    torch::autograd::impl::set_version_counter(*part, torch::autograd::impl::version_counter(*whole));
  });
}

char* tweedie_channels_last(const at::Tensor* tensor, at::Tensor** made) {
  return guarded([&] { *made = new at::Tensor(tensor->contiguous(at::MemoryFormat::ChannelsLast)); });
}

char* tweedie_checkpoint(const at::Tensor* const* inputs, size_t n, void* code, Part::Run run, Part::Drop drop,
                         at::Tensor** outputs, size_t room, size_t* made) {
  // From here on the part owns the code, so that it is dropped also after an error.
  auto part = c10::make_intrusive<Part>(code, run, drop);
  return guarded([&] {
    torch::autograd::variable_list list;
    for (size_t i = 0; i < n; ++i) list.push_back(*inputs[i]);
    auto results = Checkpointed::apply(at::TensorList(list), part);
    TORCH_CHECK(results.size() <= room, "a checkpointed part has too many results");
    for (size_t i = 0; i < results.size(); ++i) outputs[i] = new at::Tensor(results[i]);
    *made = results.size();
  });
}

}  // extern "C"
