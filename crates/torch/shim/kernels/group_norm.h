// The passes of group normalisation (Wu & He 2018) with a pointwise function after it, forward and backward.
#pragma once

#include "vector.h"

namespace {

template <class T>
void sums(const void* x_, const void* first_, int64_t places, int64_t channels, float* sum, float* square) {
  const T* x = static_cast<const T*>(x_);
  const T* first = static_cast<const T*>(first_);
  by_length(channels, [&](auto whole) {
    for (int64_t c = 0; c < channels; c += WIDTH) {
      const Floats k = load_at(first, c, channels, whole);
      Floats s0 = {}, s1 = {}, q0 = {}, q1 = {};
      int64_t p = 0;
      for (; p + 1 < places; p += 2) {
        const Floats even = load_at(x + p * channels, c, channels, whole) - k;
        const Floats odd = load_at(x + (p + 1) * channels, c, channels, whole) - k;
        s0 += even;
        q0 += even * even;
        s1 += odd;
        q1 += odd * odd;
      }
      if (p < places) {
        const Floats last = load_at(x + p * channels, c, channels, whole) - k;
        s0 += last;
        q0 += last * last;
      }
      store_at(sum, c, channels, s0 + s1, whole);
      store_at(square, c, channels, q0 + q1, whole);
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
