// The choice of kernels by the processor.
#pragma once

#include <ATen/Version.h>

#include <string>

#include "kernels.h"

namespace {

// The kernels for the instruction set that LibTorch uses, which the variable ATEN_CPU_CAPABILITY can lower.
const Kernels& kernels() {
  static const Kernels& chosen = []() -> const Kernels& {
    const std::string capability = at::get_cpu_capability();
#if defined(__x86_64__)
    if (capability == "AVX512") {
      return __builtin_cpu_supports("avx512bf16") ? tweedie_kernels_avx512_bf16 : tweedie_kernels_avx512;
    }
    if (capability == "AVX2") return tweedie_kernels_avx2;
#endif
    return tweedie_kernels_default;
  }();
  return chosen;
}

}  // namespace
