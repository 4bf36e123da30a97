// Vectors of floats that fill a register of the instruction set for which the file is compiled. The compiler splits longer vectors into
// scalars or keeps them in memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

// Everything here has internal linkage, and no header of LibTorch is included: an inline function that is compiled for several instruction
// sets would be linked only once.
namespace {

struct Bf16 {
  uint16_t bits;
};

// The number of floats in a register; all sizes that callers promise are multiples of the greatest one, 16.
#if defined(__AVX512F__)
constexpr int64_t WIDTH = 16;
#elif defined(__AVX2__)
constexpr int64_t WIDTH = 8;
#else
constexpr int64_t WIDTH = 4;
#endif

// Whether there are 32 vector registers; otherwise there are 16.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr bool MANY_REGISTERS = true;
#else
constexpr bool MANY_REGISTERS = false;
#endif

typedef float Floats __attribute__((vector_size(4 * WIDTH)));
typedef int32_t Ints __attribute__((vector_size(4 * WIDTH)));
typedef uint32_t Words __attribute__((vector_size(4 * WIDTH)));
typedef uint16_t Halves __attribute__((vector_size(2 * WIDTH)));

template <class To, class From>
inline To bits_of(From value) {
  static_assert(sizeof(To) == sizeof(From), "bits are kept");
  To result;
  std::memcpy(&result, &value, sizeof(To));
  return result;
}

inline Floats all(float value) { return Floats{} + value; }

inline Floats load(const float* from) {
  Floats values;
  std::memcpy(&values, from, sizeof(values));
  return values;
}

inline void store(float* to, Floats values) { std::memcpy(to, &values, sizeof(values)); }

inline Floats load(const Bf16* from) {
#if defined(__AVX512F__)
  // The compiler would widen the two halves of the vector separately.
  const __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  return bits_of<Floats>(_mm512_slli_epi32(words, 16));
#endif
  Halves halves;
  std::memcpy(&halves, from, sizeof(halves));
  return bits_of<Floats>(__builtin_convertvector(halves, Words) << 16);
}

// Rounds to the nearest bf16, ties to even. NaN stays NaN.
#if defined(__AVX512BF16__)
inline void store(Bf16* to, Floats values) {
  const __m256bh halves = _mm512_cvtneps_pbh(reinterpret_cast<__m512>(values));
  std::memcpy(to, &halves, sizeof(halves));
}
#else
inline void store(Bf16* to, Floats values) {
  const Words bits = bits_of<Words>(values);
  Words rounded = (bits + (0x7fff + ((bits >> 16) & 1))) >> 16;
  rounded = values == values ? rounded : Words{} + 0x7fc0;
  const Halves halves = __builtin_convertvector(rounded, Halves);
  std::memcpy(to, &halves, sizeof(halves));
}
#endif

// The first n < WIDTH values; the others are 0.
template <class T>
inline Floats load_first(const T* from, int64_t n) {
  T padded[WIDTH] = {};
  for (int64_t i = 0; i < n; ++i) padded[i] = from[i];
  return load(padded);
}

template <class T>
inline void store_first(T* to, Floats values, int64_t n) {
  T padded[WIDTH];
  store(padded, values);
  for (int64_t i = 0; i < n; ++i) to[i] = padded[i];
}

// The values at position c of a row of `length` values. `whole` is true if the length is a multiple of WIDTH, so that no row has a rest.
template <class T, class Whole>
inline Floats load_at(const T* row, int64_t c, int64_t length, Whole whole) {
  return whole || c + WIDTH <= length ? load(row + c) : load_first(row + c, length - c);
}

template <class T, class Whole>
inline void store_at(T* row, int64_t c, int64_t length, Floats values, Whole whole) {
  if (whole || c + WIDTH <= length) {
    store(row + c, values);
  } else {
    store_first(row + c, values, length - c);
  }
}

// Runs code(whole) for rows of `length` values. The code is compiled for both cases, because the test would be in its innermost loop.
template <class Code>
inline void by_length(int64_t length, const Code& code) {
  if (length % WIDTH == 0) {
    code(std::true_type());
  } else {
    code(std::false_type());
  }
}

inline float sum_of(Floats values) {
  float sum = 0;
  for (int64_t i = 0; i < WIDTH; ++i) sum += values[i];
  return sum;
}

inline float greatest_of(Floats values) {
  float greatest = values[0];
  for (int64_t i = 1; i < WIDTH; ++i) greatest = greatest > values[i] ? greatest : values[i];
  return greatest;
}

// exp(x) for x in [-87, 88], to which other values are limited; the relative error is below 1e-7. x = n·ln 2 + r with |r| ≤ ln 2 / 2, and
// exp(r) is its Taylor polynomial of degree 7, whose remainder is below 6e-9.
inline Floats exp_of(Floats x) {
  x = x > 88.0f ? all(88.0f) : x;
  x = x < -87.0f ? all(-87.0f) : x;
  constexpr float ROUNDING = 12582912.0f;  // 1.5·2^23: adding it rounds to a whole number.
  const Floats n = (x * 1.44269504088896341f + ROUNDING) - ROUNDING;
  const Floats r = (x - n * 0.693145751953125f) - n * 1.42860682030941723212e-6f;  // ln 2 in two parts, the first of 17 bits.
  Floats p = all(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * (r * r) + r + 1.0f;
  return bits_of<Floats>(bits_of<Ints>(p) + (__builtin_convertvector(n, Ints) << 23));
}

inline Floats sigmoid_of(Floats x) { return 1.0f / (1.0f + exp_of(-x)); }

inline Floats silu_of(Floats x) { return x / (1.0f + exp_of(-x)); }

// The derivative of SiLU: s·(1 + x·(1 − s)) with s = sigmoid(x).
inline Floats silu_slope(Floats x) {
  const Floats s = sigmoid_of(x);
  return s * (1.0f + x * (1.0f - s));
}

}  // namespace
