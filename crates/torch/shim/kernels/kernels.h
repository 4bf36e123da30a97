// The functions that are compiled for each instruction set. A sample is a matrix of `places` rows and `channels` columns of f32 (kind 0) or
// bf16 (kind 1) values, as in the memory order N, H, W, C. Vectors of one number per channel are f32.
#pragma once

#include <cstdint>

// The numbers of an update by AdamW.
struct AdamWNumbers {
  float gradient_scale;  // The factor of gradient clipping.
  float first_share, second_share;  // 1 − β₁ and 1 − β₂.
  float root_factor;  // 1/√(1 − β₂ᵗ).
  float eps;
  float decay;  // 1 − rate·weight decay.
  float rate;  // The learning rate divided by 1 − β₁ᵗ.
};

struct Kernels {
  // The mean of each column and the sum of the squared distances from it.
  void (*moments[2])(const void* x, int64_t places, int64_t channels, float* mean, float* squares);
  // y = act(a·x + b), where act is the identity (0) or SiLU (1).
  void (*affine[2][2])(const void* x, void* y, int64_t places, int64_t channels, const float* a, const float* b);
  // dz = dy·act'(a·x + b), Σ dz, Σ dz·x̂ and Σ x̂ with x̂ = r·x + o.
  void (*slopes[2][2])(const void* x, const void* dy, int64_t places, int64_t channels, const float* a, const float* b,
                       const float* r, const float* o, float* dz, float* sum_dz, float* sum_dz_x, float* sum_x);
  // dx = u·dz + w·x + v.
  void (*combined[2])(const float* dz, const void* x, void* dx, int64_t places, int64_t channels, const float* u, const float* v,
                      const float* w);
  // Attention of one head of a sample, for the queries begin … end: qkv (tokens, 3, heads, width) → out (tokens, heads, width). The number
  // of tokens and the width are multiples of 16, begin and end of 4. `scratch` holds `attention_scratch` floats.
  void (*attention[2])(const void* qkv, void* out, int64_t tokens, int64_t heads, int64_t width, int64_t head, int64_t begin, int64_t end,
                       float* scratch);
  // The gradient of attention with respect to the head's part of qkv.
  void (*attention_backward[2])(const void* qkv, const void* d_out, void* d_qkv, int64_t tokens, int64_t heads, int64_t width, int64_t head,
                                float* scratch);
  // The outputs n … n + 31 of y = x·weight + bias for x (rows, inputs) and weight (inputs, padded), where padded is a multiple of 32.
  void (*row_map)(const float* x, const float* weight, const float* bias, float* y, int64_t rows, int64_t inputs, int64_t outputs,
                  int64_t padded, int64_t n);
  void (*adamw)(float* values, const float* gradients, float* first, float* second, int64_t n, const AdamWNumbers& numbers);
};

inline int64_t attention_scratch(int64_t tokens, int64_t width) { return 6 * tokens * width + 12 * width + 8 * tokens; }

extern "C" {
extern const Kernels tweedie_kernels_default;
extern const Kernels tweedie_kernels_avx2;
extern const Kernels tweedie_kernels_avx512;
extern const Kernels tweedie_kernels_avx512_bf16;
}
