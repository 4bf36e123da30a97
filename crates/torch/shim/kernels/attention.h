// Self-attention of one head of a sample, softmax(q·kᵀ/√width)·v (Vaswani et al. 2017, eq. 1), and its gradient.
#pragma once

#include "vector.h"

namespace {

constexpr int64_t QUERIES = 4;  // Queries that are computed together, so that a loaded row is used several times.

// Writes (tokens, width), whose rows have the given distance, as f32 rows.
template <class T>
void gather(const T* from, int64_t distance, int64_t tokens, int64_t width, float* to) {
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t i = 0; i < width; i += WIDTH) store(to + t * width + i, load(from + t * distance + i));
  }
}

template <class T>
void scatter(const float* from, int64_t distance, int64_t tokens, int64_t width, T* to) {
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t i = 0; i < width; i += WIDTH) store(to + t * distance + i, load(from + t * width + i));
  }
}

// Writes (tokens, width) as (width, tokens).
void transpose(const float* from, int64_t tokens, int64_t width, float* to) {
  for (int64_t t = 0; t < tokens; t += WIDTH) {
    for (int64_t i = 0; i < width; ++i) {
      for (int64_t j = 0; j < WIDTH; ++j) to[i * tokens + t + j] = from[(t + j) * width + i];
    }
  }
}

// Runs code(vectors, first) for a multiple of WIDTH values in parts of four, two or one vectors, which share what the code loads. Four
// vectors for each of four queries need more than 16 registers.
template <class Code>
inline void in_vectors(int64_t values, const Code& code) {
  int64_t first = 0;
  if constexpr (MANY_REGISTERS) {
    for (; first + 4 * WIDTH <= values; first += 4 * WIDTH) code(std::integral_constant<int64_t, 4>(), first);
  }
  for (; first + 2 * WIDTH <= values; first += 2 * WIDTH) code(std::integral_constant<int64_t, 2>(), first);
  for (; first < values; first += WIDTH) code(std::integral_constant<int64_t, 1>(), first);
}

// out (QUERIES, tokens) = rows (QUERIES, width) · columns (width, tokens).
void products(const float* rows, const float* columns, int64_t tokens, int64_t width, float* out) {
  in_vectors(tokens, [&](auto vectors, int64_t t) {
    Floats sum[QUERIES][vectors] = {};
    for (int64_t i = 0; i < width; ++i) {
      Floats column[vectors];
      for (int64_t j = 0; j < vectors; ++j) column[j] = load(columns + i * tokens + t + j * WIDTH);
      for (int64_t k = 0; k < QUERIES; ++k) {
        for (int64_t j = 0; j < vectors; ++j) sum[k][j] += rows[k * width + i] * column[j];
      }
    }
    for (int64_t k = 0; k < QUERIES; ++k) {
      for (int64_t j = 0; j < vectors; ++j) store(out + k * tokens + t + j * WIDTH, sum[k][j]);
    }
  });
}

// out (QUERIES, width) = weights (QUERIES, tokens) · rows (tokens, width).
void sums_of_rows(const float* weights, const float* rows, int64_t tokens, int64_t width, float* out) {
  in_vectors(width, [&](auto vectors, int64_t i) {
    Floats sum[QUERIES][vectors] = {};
    for (int64_t t = 0; t < tokens; ++t) {
      Floats row[vectors];
      for (int64_t j = 0; j < vectors; ++j) row[j] = load(rows + t * width + i + j * WIDTH);
      for (int64_t k = 0; k < QUERIES; ++k) {
        for (int64_t j = 0; j < vectors; ++j) sum[k][j] += weights[k * tokens + t] * row[j];
      }
    }
    for (int64_t k = 0; k < QUERIES; ++k) {
      for (int64_t j = 0; j < vectors; ++j) store(out + k * width + i + j * WIDTH, sum[k][j]);
    }
  });
}

// sums (tokens, width) += weightsᵀ (tokens, QUERIES) · rows (QUERIES, width).
void add_rows(const float* weights, const float* rows, int64_t tokens, int64_t width, float* sums) {
  for (int64_t i = 0; i < width; i += WIDTH) {
    Floats row[QUERIES];
    for (int64_t k = 0; k < QUERIES; ++k) row[k] = load(rows + k * width + i);
    for (int64_t t = 0; t < tokens; ++t) {
      Floats sum = load(sums + t * width + i);
      for (int64_t k = 0; k < QUERIES; ++k) sum += weights[k * tokens + t] * row[k];
      store(sums + t * width + i, sum);
    }
  }
}

// Replaces scores (QUERIES, tokens) by softmax(scale·scores) over the tokens.
void softmax(float* scores, int64_t tokens, float scale) {
  for (int64_t k = 0; k < QUERIES; ++k) {
    float* row = scores + k * tokens;
    Floats greatest = load(row);
    for (int64_t t = WIDTH; t < tokens; t += WIDTH) {
      const Floats score = load(row + t);
      greatest = score > greatest ? score : greatest;
    }
    const float shift = greatest_of(greatest);
    Floats sum = {};
    for (int64_t t = 0; t < tokens; t += WIDTH) {
      const Floats weight = exp_of((load(row + t) - shift) * scale);
      store(row + t, weight);
      sum += weight;
    }
    const float rate = 1.0f / sum_of(sum);
    for (int64_t t = 0; t < tokens; t += WIDTH) store(row + t, load(row + t) * rate);
  }
}

float scale_of(int64_t width) { return 1.0f / __builtin_sqrtf(static_cast<float>(width)); }

// The results of the queries `begin` … `end` of one head. Each is computed alone, so that they may be divided among threads.
template <class T>
void attention(const void* qkv_, void* out_, int64_t tokens, int64_t heads, int64_t width, int64_t head, int64_t begin, int64_t end,
               float* scratch) {
  const T* q = static_cast<const T*>(qkv_) + head * width;
  T* out = static_cast<T*>(out_) + head * width;
  const int64_t distance = 3 * heads * width, size = tokens * width;
  float *keys = scratch, *columns = keys + size, *values = columns + size, *queries = values + size;
  float *results = queries + QUERIES * width, *scores = results + QUERIES * width;
  gather(q + heads * width, distance, tokens, width, keys);
  transpose(keys, tokens, width, columns);
  gather(q + 2 * heads * width, distance, tokens, width, values);
  for (int64_t first = begin; first < end; first += QUERIES) {
    gather(q + first * distance, distance, QUERIES, width, queries);
    products(queries, columns, tokens, width, scores);
    softmax(scores, tokens, scale_of(width));
    sums_of_rows(scores, values, tokens, width, results);
    scatter(results, heads * width, QUERIES, width, out + first * heads * width);
  }
}

// The gradient for one head.
// With P = softmax(scale·Q·Kᵀ) and O = P·V: dV = Pᵀ·dO, dP = dO·Vᵀ, dS = P ∘ (dP − Σ P ∘ dP), dQ = scale·dS·K, dK = scale·dSᵀ·Q.
template <class T>
void attention_backward(const void* qkv_, const void* d_out_, void* d_qkv_, int64_t tokens, int64_t heads, int64_t width, int64_t head,
                        float* scratch) {
  const T *q = static_cast<const T*>(qkv_) + head * width, *d_out = static_cast<const T*>(d_out_) + head * width;
  T* dq = static_cast<T*>(d_qkv_) + head * width;
  const int64_t distance = 3 * heads * width, size = tokens * width;
  float *keys = scratch, *key_columns = keys + size, *values = key_columns + size, *value_columns = values + size;
  float *d_keys = value_columns + size, *d_values = d_keys + size;
  float *queries = d_values + size, *results = queries + QUERIES * width, *d_results = results + QUERIES * width;
  float *weights = d_results + QUERIES * width, *d_scores = weights + QUERIES * tokens;
  const float scale = scale_of(width);
  gather(q + heads * width, distance, tokens, width, keys);
  transpose(keys, tokens, width, key_columns);
  gather(q + 2 * heads * width, distance, tokens, width, values);
  transpose(values, tokens, width, value_columns);
  std::memset(d_keys, 0, 2 * size * sizeof(float));
  for (int64_t first = 0; first < tokens; first += QUERIES) {
    gather(q + first * distance, distance, QUERIES, width, queries);
    gather(d_out + first * heads * width, heads * width, QUERIES, width, d_results);
    products(queries, key_columns, tokens, width, weights);
    softmax(weights, tokens, scale);
    products(d_results, value_columns, tokens, width, d_scores);
    add_rows(weights, d_results, tokens, width, d_values);
    for (int64_t k = 0; k < QUERIES; ++k) {
      float *p = weights + k * tokens, *ds = d_scores + k * tokens;
      Floats along = {};
      for (int64_t t = 0; t < tokens; t += WIDTH) along += load(p + t) * load(ds + t);
      const float mean = sum_of(along);
      for (int64_t t = 0; t < tokens; t += WIDTH) store(ds + t, load(p + t) * (load(ds + t) - mean) * scale);
    }
    sums_of_rows(d_scores, keys, tokens, width, results);
    scatter(results, distance, QUERIES, width, dq + first * distance);
    add_rows(d_scores, queries, tokens, width, d_keys);
  }
  scatter(d_keys, distance, tokens, width, dq + heads * width);
  scatter(d_values, distance, tokens, width, dq + 2 * heads * width);
}

}  // namespace
