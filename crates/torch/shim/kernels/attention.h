// Multi-head self-attention of one sample with few tokens: softmax(q·kᵀ/√width)·v (Vaswani et al. 2017, eq. 1).
#pragma once

#include "vector.h"

namespace {

constexpr int64_t QUERIES = 4;  // Queries that are computed together, so that a loaded key is used several times.

// Writes scale·from, (tokens, width) with the given distance of rows, as f32 rows.
template <class T>
void gather(const T* from, int64_t distance, int64_t tokens, int64_t width, float scale, float* to) {
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t i = 0; i < width; i += WIDTH) store(to + t * width + i, load(from + t * distance + i) * scale);
  }
}

// Writes (tokens, width) as (width, tokens).
template <class T>
void gather_transposed(const T* from, int64_t distance, int64_t tokens, int64_t width, float* to) {
  for (int64_t i = 0; i < width; i += WIDTH) {
    for (int64_t t = 0; t < tokens; ++t) {
      const Floats row = load(from + t * distance + i);
      for (int64_t j = 0; j < WIDTH; ++j) to[(i + j) * tokens + t] = row[j];
    }
  }
}

template <class T>
void attention(const void* qkv_, void* out_, int64_t tokens, int64_t heads, int64_t width, float* scratch) {
  const T* qkv = static_cast<const T*>(qkv_);
  T* out = static_cast<T*>(out_);
  const int64_t distance = 3 * heads * width;
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(width));
  float* keys = scratch;                    // (width, tokens)
  float* values = keys + width * tokens;    // (tokens, width)
  float* queries = values + tokens * width; // (QUERIES, width)
  float* scores = queries + QUERIES * width; // (QUERIES, tokens)
  for (int64_t head = 0; head < heads; ++head) {
    const T* q = qkv + head * width;
    gather_transposed(q + heads * width, distance, tokens, width, keys);
    gather(q + 2 * heads * width, distance, tokens, width, 1.0f, values);
    for (int64_t first = 0; first < tokens; first += QUERIES) {
      gather(q + first * distance, distance, QUERIES, width, scale, queries);
      Floats greatest[QUERIES];
      for (int64_t k = 0; k < QUERIES; ++k) greatest[k] = all(-__builtin_inff());
      for (int64_t t = 0; t < tokens; t += WIDTH) {
        Floats score[QUERIES] = {};
        for (int64_t i = 0; i < width; ++i) {
          const Floats key = load(keys + i * tokens + t);
          for (int64_t k = 0; k < QUERIES; ++k) score[k] += queries[k * width + i] * key;
        }
        for (int64_t k = 0; k < QUERIES; ++k) {
          store(scores + k * tokens + t, score[k]);
          greatest[k] = score[k] > greatest[k] ? score[k] : greatest[k];
        }
      }
      float rate[QUERIES];
      for (int64_t k = 0; k < QUERIES; ++k) {
        const float shift = greatest_of(greatest[k]);
        Floats sum = {};
        for (int64_t t = 0; t < tokens; t += WIDTH) {
          const Floats weight = exp_of(load(scores + k * tokens + t) - shift);
          store(scores + k * tokens + t, weight);
          sum += weight;
        }
        rate[k] = 1.0f / sum_of(sum);
      }
      for (int64_t i = 0; i < width; i += WIDTH) {
        Floats mean[QUERIES] = {};
        for (int64_t t = 0; t < tokens; ++t) {
          const Floats value = load(values + t * width + i);
          for (int64_t k = 0; k < QUERIES; ++k) mean[k] += scores[k * tokens + t] * value;
        }
        for (int64_t k = 0; k < QUERIES; ++k) {
          store(out + ((first + k) * heads + head) * width + i, mean[k] * rate[k]);
        }
      }
    }
  }
}

}  // namespace
