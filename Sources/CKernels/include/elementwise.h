// The loops of layers and optimizers. The elementary functions of double are the C library's.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sk_operation { sk_plus, sk_minus, sk_times, sk_over };

#define SK_ELEMENTWISE_KERNELS(FUNCTION, T)                                                                            \
  /* y = a operation b. The steps are 1, or 0 for an operand that is one number; y may be an operand with step 1. */   \
  FUNCTION(void, combine, (enum sk_operation operation, T *y, const T *a, ptrdiff_t a_step, const T *b,                \
           ptrdiff_t b_step, ptrdiff_t count))                                                                         \
  /* y = 0 where x < 0, else x. */                                                                                     \
  FUNCTION(void, rectify, (T *y, const T *x, ptrdiff_t count))                                                         \
  /* dx = g where y is not <= 0, else 0. */                                                                            \
  FUNCTION(void, rectify_gradient, (T *dx, const T *g, const T *y, ptrdiff_t count))                                   \
  /* dx = g where x > 0, else slope * g. */                                                                            \
  FUNCTION(void, leak_gradient, (T *dx, const T *g, const T *x, double slope, ptrdiff_t count))                        \
  /* y = (x - mean) * factor + shift. */                                                                               \
  FUNCTION(void, standardize, (T *y, const T *x, double mean, double factor, double shift, ptrdiff_t count))           \
  /* dx = (g - base - (x - mean) * slope) * factor. */                                                                 \
  FUNCTION(void, standardize_gradient, (T *dx, const T *g, const T *x, double mean, double base, double slope,         \
           double factor, ptrdiff_t count))                                                                            \
  /* The same with numbers of its own for every element. */                                                            \
  FUNCTION(void, standardize_each, (T *y, const T *x, const T *mean, const T *factor, const T *shift,                  \
           ptrdiff_t count))                                                                                           \
  FUNCTION(void, standardize_gradient_each, (T *dx, const T *g, const T *x, const T *mean, const T *base,              \
           const T *slope, const T *factor, ptrdiff_t count))                                                          \
  /* sum += g and product += g * (x - mean) * factor, element by element. */                                           \
  FUNCTION(void, add_products, (T *sum, T *product, const T *g, const T *x, double mean, double factor,                \
           ptrdiff_t count))                                                                                           \
  FUNCTION(void, add_products_each, (T *sum, T *product, const T *g, const T *x, const T *mean, ptrdiff_t count))      \
  /* The sum of x; of (x - mean)^2; of g and of g * (x - mean). Sixteen running sums side by side. */                  \
  FUNCTION(double, sum, (const T *x, ptrdiff_t count))                                                                 \
  FUNCTION(double, sum_squares, (const T *x, double mean, ptrdiff_t count))                                            \
  FUNCTION(double, sum_products, (const T *g, const T *x, double mean, ptrdiff_t count))                               \
  /* The largest and the smallest of at least one number, or of y and x for every element; NaN if one is NaN. */       \
  FUNCTION(double, largest, (const T *x, ptrdiff_t count))                                                             \
  FUNCTION(double, smallest, (const T *x, ptrdiff_t count))                                                            \
  FUNCTION(void, largest_each, (T *y, const T *x, ptrdiff_t count))                                                    \
  FUNCTION(void, smallest_each, (T *y, const T *x, ptrdiff_t count))                                                   \
  /* p -= rate * (g + decay * p). */                                                                                   \
  FUNCTION(void, descend, (T *p, const T *g, double rate, double decay, ptrdiff_t count))                              \
  /* b = momentum * b + (g + decay * p); p -= rate * b, or with Nesterov's look ahead. */                              \
  FUNCTION(void, descend_momentum, (T *p, const T *g, T *b, double rate, double decay, double momentum, bool nesterov, \
           ptrdiff_t count))                                                                                           \
  /* One step of Adam; see Adam.swift for the names. */                                                                \
  FUNCTION(void, adapt, (T *p, const T *g, T *m, T *v, double keep_first, double take_first, double keep_second,       \
           double take_second, double step_size, double correction, double epsilon, double kept, double decay,         \
           ptrdiff_t count))                                                                                           \
  /* y = tanh x, 1 / (1 + e^-x), x Φ(x); dx = g (Φ(x) + x φ(x)). */                                                    \
  FUNCTION(void, tanh, (T *y, const T *x, ptrdiff_t count))                                                            \
  FUNCTION(void, logistic, (T *y, const T *x, ptrdiff_t count))                                                        \
  FUNCTION(void, gaussian_unit, (T *y, const T *x, ptrdiff_t count))                                                   \
  FUNCTION(void, gaussian_unit_gradient, (T *dx, const T *g, const T *x, ptrdiff_t count))                             \
  /* y = e^(x - shift). */                                                                                             \
  FUNCTION(void, exponential, (T *y, const T *x, double shift, ptrdiff_t count))
