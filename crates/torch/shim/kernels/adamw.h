// AdamW (Loshchilov & Hutter 2019, Algorithm 2) in one pass over memory.
#pragma once

#include "vector.h"

namespace {

inline Floats sqrt_of(Floats values) {
  Floats roots;
  for (int64_t i = 0; i < WIDTH; ++i) roots[i] = __builtin_sqrtf(values[i]);
  return roots;
}

// Each vector is loaded once and stored once; the rest of fewer than WIDTH values is treated as a padded vector.
void adamw(float* values, const float* gradients, float* first, float* second, int64_t n, const AdamWNumbers& numbers) {
  for (int64_t i = 0; i < n; i += WIDTH) {
    const Floats g = load_at(gradients, i, n, std::false_type()) * numbers.gradient_scale;
    Floats m = load_at(static_cast<const float*>(first), i, n, std::false_type());
    Floats v = load_at(static_cast<const float*>(second), i, n, std::false_type());
    m += (g - m) * numbers.first_share;
    v += (g * g - v) * numbers.second_share;
    const Floats denominator = sqrt_of(v) * numbers.root_factor + numbers.eps;
    const Floats x = load_at(static_cast<const float*>(values), i, n, std::false_type());
    store_at(first, i, n, m, std::false_type());
    store_at(second, i, n, v, std::false_type());
    store_at(values, i, n, x * numbers.decay - numbers.rate * m / denominator, std::false_type());
  }
}

}  // namespace
