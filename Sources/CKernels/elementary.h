// Elementary functions in float32 without a branch or a call, so that a loop over them becomes vector code.
// The polynomials come from Tests/LayersTests/Fixtures/fit_elementary.py; results are within a few units of the last
// place of the true value, and NaN goes through.
#pragma once
#include <stdint.h>

static inline float sk_from_bits(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

static inline uint32_t sk_bits(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

// e^x = 2^n e^r with n the integer nearest to x / log 2. Below -104 it is zero, above 89 infinite.
static inline float sk_exp(float x) {
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  float shifted = x * 1.44269504f + 12582912.0f;
  float n = shifted - 12582912.0f;
  // log 2 in two parts, the first so short that n times it is exact.
  float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 0.00138146104f;
  p = p * r + 0.00836871006f;
  p = p * r + 0.041668389f;
  p = p * r + 0.166665211f;
  p = p * r + 0.49999994f;
  p = (p * r) * r + r;
  // 2^n in two factors, for n that reach beyond the exponents of normal numbers.
  uint32_t exponent = sk_bits(shifted) - 0x4B400000u;
  int32_t half = (int32_t)exponent >> 1;
  float a = sk_from_bits((uint32_t)(half + 127) << 23);
  float b = sk_from_bits((exponent - (uint32_t)half + 127u) << 23);
  return (p + 1.0f) * a * b;
}

// Near zero a polynomial, elsewhere 1 - 2 / (e^2x + 1).
static inline float sk_tanh(float x) {
  float t = __builtin_fabsf(x);
  float s = x * x;
  float p = -0.00571703678f;
  p = p * s + 0.0206505787f;
  p = p * s - 0.0537434965f;
  p = p * s + 0.133314908f;
  p = p * s - 0.333332837f;
  float near = x + x * (s * p);
  float far = __builtin_copysignf(1.0f - 2.0f / (sk_exp(2.0f * t) + 1.0f), x);
  return t < 0.625f ? near : far;
}

static inline float sk_logistic(float x) { return 1.0f / (1.0f + sk_exp(-x)); }

// The normal distribution function, given e^(-x^2/2): half of e^(-t^2) times e^(t^2) erfc t on the negative
// side, t = |x| / sqrt 2, so that its tail keeps its digits.
static inline float sk_normal(float x, float bell) {
  float t = __builtin_fabsf(x) * 0.707106781f;
  float w = 1.0f / (1.0f + 0.5f * t);
  float p = 0.0122838765f;
  p = p * w - 0.123254687f;
  p = p * w + 0.428928405f;
  p = p * w - 0.670022488f;
  p = p * w + 0.421274275f;
  p = p * w - 0.0983176306f;
  p = p * w + 0.225541845f;
  p = p * w + 0.238644838f;
  p = p * w + 0.282857031f;
  p = p * w + 0.282064497f;
  float tail = 0.5f * bell * (p * w);
  return x > 0.0f ? 1.0f - tail : tail;
}
