// The passes of group normalisation (Wu & He 2018) with a pointwise function after it, forward and backward.
#pragma once

#include "vector.h"

namespace {

// The mean of each channel and the sum of the squared distances from it, in blocks that are combined by the update of Chan et al. (1983).
// No large mean cancels.
template <class T>
void moments(const void* x_, int64_t places, int64_t channels, float* mean, float* squares) {
  constexpr int64_t BLOCK = 16;
  const T* x = static_cast<const T*>(x_);
  by_length(channels, [&](auto whole) {
    for (int64_t c = 0; c < channels; c += WIDTH) {
      Floats m = {}, q = {};
      for (int64_t first = 0; first < places; first += BLOCK) {
        const int64_t n = places - first < BLOCK ? places - first : BLOCK;
        Floats values[BLOCK], sum = {};
        for (int64_t p = 0; p < n; ++p) {
          values[p] = load_at(x + (first + p) * channels, c, channels, whole);
          sum += values[p];
        }
        const Floats own = sum * (1.0f / static_cast<float>(n));
        Floats distances = {};
        for (int64_t p = 0; p < n; ++p) distances += (values[p] - own) * (values[p] - own);
        const float share = static_cast<float>(n) / static_cast<float>(first + n);
        const Floats step = own - m;
        m += step * share;
        q += distances + step * step * (share * static_cast<float>(first));
      }
      store_at(mean, c, channels, m, whole);
      store_at(squares, c, channels, q, whole);
    }
  });
}

template <class T, bool SILU>
void affine(const void* x_, void* y_, int64_t places, int64_t channels, const float* a, const float* b) {
  const T* x = static_cast<const T*>(x_);
  T* y = static_cast<T*>(y_);
  by_length(channels, [&](auto whole) {
    for (int64_t p = 0; p < places; ++p) {
      for (int64_t c = 0; c < channels; c += WIDTH) {
        const Floats z =
            load_at(x + p * channels, c, channels, whole) * load_at(a, c, channels, whole) + load_at(b, c, channels, whole);
        store_at(y + p * channels, c, channels, SILU ? silu_of(z) : z, whole);
      }
    }
  });
}

template <class T, bool SILU>
void slopes(const void* x_, const void* dy_, int64_t places, int64_t channels, const float* a, const float* b, const float* r,
            const float* o, float* dz, float* sum_dz, float* sum_dz_x, float* sum_x) {
  const T* x = static_cast<const T*>(x_);
  const T* dy = static_cast<const T*>(dy_);
  by_length(channels, [&](auto whole) {
    for (int64_t c = 0; c < channels; c += WIDTH) {
      const Floats slope = load_at(a, c, channels, whole), offset = load_at(b, c, channels, whole);
      const Floats rate = load_at(r, c, channels, whole), centre = load_at(o, c, channels, whole);
      Floats s = {}, sx = {}, xs = {};
      for (int64_t p = 0; p < places; ++p) {
        const Floats value = load_at(x + p * channels, c, channels, whole);
        Floats d = load_at(dy + p * channels, c, channels, whole);
        if (SILU) d *= silu_slope(value * slope + offset);
        const Floats normed = value * rate + centre;
        store_at(dz + p * channels, c, channels, d, whole);
        s += d;
        sx += d * normed;
        xs += normed;
      }
      store_at(sum_dz, c, channels, s, whole);
      store_at(sum_dz_x, c, channels, sx, whole);
      store_at(sum_x, c, channels, xs, whole);
    }
  });
}

template <class T>
void combined(const float* dz, const void* x_, void* dx_, int64_t places, int64_t channels, const float* u, const float* v,
              const float* w) {
  const T* x = static_cast<const T*>(x_);
  T* dx = static_cast<T*>(dx_);
  by_length(channels, [&](auto whole) {
    for (int64_t p = 0; p < places; ++p) {
      for (int64_t c = 0; c < channels; c += WIDTH) {
        const Floats d = load_at(dz + p * channels, c, channels, whole), value = load_at(x + p * channels, c, channels, whole);
        const Floats sum = d * load_at(u, c, channels, whole) + (value * load_at(w, c, channels, whole) + load_at(v, c, channels, whole));
        store_at(dx + p * channels, c, channels, sum, whole);
      }
    }
  });
}

}  // namespace
