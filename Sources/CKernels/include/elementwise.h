// The loops of layers and optimizers, with run-time CPU dispatch as in kernels.h. Every function stands in two
// precisions, but for the elementary functions, whose Double versions are the C library's.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sk_operation { sk_plus, sk_minus, sk_times, sk_over };

#define SK_ELEMENTWISE_KERNELS(T, NAME)                                                                                \
  /* y = a operation b. The steps are 1, or 0 for an operand that is one number; y may be an operand with step 1. */   \
  void sk_combine_##NAME(enum sk_operation operation, T *y, const T *a, ptrdiff_t a_step, const T *b,                  \
                         ptrdiff_t b_step, ptrdiff_t count);                                                           \
  /* y = 0 where x < 0, else x. */                                                                                     \
  void sk_rectify_##NAME(T *y, const T *x, ptrdiff_t count);                                                           \
  /* dx = g where y is not <= 0, else 0. */                                                                            \
  void sk_rectify_gradient_##NAME(T *dx, const T *g, const T *y, ptrdiff_t count);                                     \
  /* dx = g where x > 0, else slope * g. */                                                                            \
  void sk_leak_gradient_##NAME(T *dx, const T *g, const T *x, T slope, ptrdiff_t count);                               \
  /* y = (x - mean) * factor + shift. */                                                                               \
  void sk_standardize_##NAME(T *y, const T *x, T mean, T factor, T shift, ptrdiff_t count);                            \
  /* dx = (g - base - (x - mean) * slope) * factor. */                                                                 \
  void sk_standardize_gradient_##NAME(T *dx, const T *g, const T *x, T mean, T base, T slope, T factor,                \
                                      ptrdiff_t count);                                                                \
  /* The same with numbers of its own for every element. */                                                            \
  void sk_standardize_each_##NAME(T *y, const T *x, const T *mean, const T *factor, const T *shift, ptrdiff_t count);  \
  void sk_standardize_gradient_each_##NAME(T *dx, const T *g, const T *x, const T *mean, const T *base,                \
                                           const T *slope, const T *factor, ptrdiff_t count);                          \
  /* sum += g and product += g * (x - mean) * factor, element by element. */                                           \
  void sk_add_products_##NAME(T *sum, T *product, const T *g, const T *x, T mean, T factor, ptrdiff_t count);          \
  void sk_add_products_each_##NAME(T *sum, T *product, const T *g, const T *x, const T *mean, ptrdiff_t count);        \
  /* The sum of x; of (x - mean)^2; of g and of g * (x - mean). Sixteen running sums side by side. */                  \
  T sk_sum_##NAME(const T *x, ptrdiff_t count);                                                                        \
  T sk_sum_squares_##NAME(const T *x, T mean, ptrdiff_t count);                                                        \
  T sk_sum_products_##NAME(const T *g, const T *x, T mean, ptrdiff_t count);                                           \
  /* The largest and the smallest of at least one number, or of y and x for every element; NaN if one is NaN. */       \
  T sk_largest_##NAME(const T *x, ptrdiff_t count);                                                                    \
  T sk_smallest_##NAME(const T *x, ptrdiff_t count);                                                                   \
  void sk_largest_each_##NAME(T *y, const T *x, ptrdiff_t count);                                                      \
  void sk_smallest_each_##NAME(T *y, const T *x, ptrdiff_t count);                                                     \
  /* p -= rate * (g + decay * p). */                                                                                   \
  void sk_descend_##NAME(T *p, const T *g, T rate, T decay, ptrdiff_t count);                                          \
  /* b = momentum * b + (g + decay * p); p -= rate * b, or with Nesterov's look ahead. */                              \
  void sk_descend_momentum_##NAME(T *p, const T *g, T *b, T rate, T decay, T momentum, bool nesterov,                  \
                                  ptrdiff_t count);                                                                    \
  /* One step of Adam; see Adam.swift for the names. */                                                                \
  void sk_adapt_##NAME(T *p, const T *g, T *m, T *v, T keep_first, T take_first, T keep_second, T take_second,         \
                       T step_size, T correction, T epsilon, T kept, T decay, ptrdiff_t count);

SK_ELEMENTWISE_KERNELS(float, f32)
SK_ELEMENTWISE_KERNELS(double, f64)

// y = tanh x, 1 / (1 + e^-x), x Φ(x); dx = g (Φ(x) + x φ(x)).
void sk_tanh_f32(float *y, const float *x, ptrdiff_t count);
void sk_logistic_f32(float *y, const float *x, ptrdiff_t count);
void sk_gaussian_unit_f32(float *y, const float *x, ptrdiff_t count);
void sk_gaussian_unit_gradient_f32(float *dx, const float *g, const float *x, ptrdiff_t count);
// y = e^(x - shift).
void sk_exp_f32(float *y, const float *x, float shift, ptrdiff_t count);
