// An affine map of each row alone: the order of its sums does not depend on the number of rows.
#pragma once

#include "vector.h"

namespace {

constexpr int64_t COLUMNS = 32;  // Outputs of a call, which are computed in blocks of two vectors.

template <int64_t ROWS>
void block(const float* x, const float* weight, const float* bias, float* y, int64_t inputs, int64_t outputs, int64_t padded, int64_t n) {
  Floats low[ROWS], high[ROWS];
  for (int64_t r = 0; r < ROWS; ++r) {
    low[r] = load(bias + n);
    high[r] = load(bias + n + WIDTH);
  }
  for (int64_t k = 0; k < inputs; ++k) {
    const Floats left = load(weight + k * padded + n), right = load(weight + k * padded + n + WIDTH);
    for (int64_t r = 0; r < ROWS; ++r) {
      low[r] += x[r * inputs + k] * left;
      high[r] += x[r * inputs + k] * right;
    }
  }
  for (int64_t r = 0; r < ROWS; ++r) {
    store_at(y + r * outputs, n, outputs, low[r], std::false_type());
    if (n + WIDTH < outputs) store_at(y + r * outputs, n + WIDTH, outputs, high[r], std::false_type());
  }
}

void row_map(const float* x, const float* weight, const float* bias, float* y, int64_t rows, int64_t inputs, int64_t outputs,
             int64_t padded, int64_t first) {
  constexpr int64_t TOGETHER = 4;
  for (int64_t n = first; n < first + COLUMNS && n < outputs; n += 2 * WIDTH) {
    int64_t r = 0;
    for (; r + TOGETHER <= rows; r += TOGETHER) {
      block<TOGETHER>(x + r * inputs, weight, bias, y + r * outputs, inputs, outputs, padded, n);
    }
    for (; r < rows; ++r) block<1>(x + r * inputs, weight, bias, y + r * outputs, inputs, outputs, padded, n);
  }
}

}  // namespace
