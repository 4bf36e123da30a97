// What tch does not reach. Device-generic calls only: this must link against the CPU set of libraries.
// Every function that can fail returns a message that the caller frees, or null.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/Version.h>
#include <c10/core/DeviceGuard.h>

#include <cstring>
#include <string>

namespace {

char* message_of(const char* what) {
  char* copy = static_cast<char*>(std::malloc(std::strlen(what) + 1));
  if (copy != nullptr) std::strcpy(copy, what);
  return copy;
}

template <class Body>
char* guarded(Body body) {
  try {
    body();
    return nullptr;
  } catch (const c10::Error& error) {
    return message_of(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return message_of(error.what());
  }
}

}  // namespace

extern "C" {

void tweedie_free_message(char* message) { std::free(message); }

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

char* tweedie_channels_last(const at::Tensor* tensor, at::Tensor** made) {
  return guarded([&] { *made = new at::Tensor(tensor->contiguous(at::MemoryFormat::ChannelsLast)); });
}

}  // extern "C"
