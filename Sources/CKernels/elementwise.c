// The loops of layers and optimizers: plain loops that the compiler vectorises for each level of x86-64.
#include "elementwise.h"
#include "dispatch.h"
#include "elementary.h"

#define T float
#define SQRT __builtin_elementwise_sqrt  // never touches errno, so loops stay vector code
#define NAME(f) f##_f32
#include "elementwise.inc"
#undef T
#undef SQRT
#undef NAME

#define T double
#define SQRT __builtin_elementwise_sqrt
#define NAME(f) f##_f64
#include "elementwise.inc"

SK_DISPATCH void sk_tanh_f32(float *restrict y, const float *restrict x, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) y[i] = sk_tanh(x[i]);
}

SK_DISPATCH void sk_logistic_f32(float *restrict y, const float *restrict x, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) y[i] = sk_logistic(x[i]);
}

SK_DISPATCH void sk_gaussian_unit_f32(float *restrict y, const float *restrict x, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) y[i] = x[i] * sk_normal(x[i], sk_exp(-0.5f * x[i] * x[i]));
}

SK_DISPATCH void sk_gaussian_unit_gradient_f32(float *restrict dx, const float *restrict g, const float *restrict x,
                                               ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) {
    float bell = sk_exp(-0.5f * x[i] * x[i]);
    dx[i] = g[i] * (sk_normal(x[i], bell) + x[i] * 0.398942280f * bell);
  }
}

SK_DISPATCH void sk_exp_f32(float *restrict y, const float *restrict x, float shift, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) y[i] = sk_exp(x[i] - shift);
}
