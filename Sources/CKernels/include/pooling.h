// The loops of the pooling layers, with run-time CPU dispatch as in kernels.h, each in two precisions.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SK_POOLING_KERNELS(T, NAME)                                                                                    \
  /* One row of largest pixels: y[j] and the places of the winners from x[j * stride] where that is larger. */         \
  void sk_larger_row_##NAME(T *y, int32_t *winners, const T *x, int32_t place, ptrdiff_t stride, ptrdiff_t count);     \
  /* The same without the winners. */                                                                                  \
  void sk_larger_row_alone_##NAME(T *y, const T *x, ptrdiff_t stride, ptrdiff_t count);                                \
  /* y[j] += x[j * stride]. */                                                                                         \
  void sk_add_strided_##NAME(T *y, const T *x, ptrdiff_t stride, ptrdiff_t count);                                     \
  /* Planes of height x width pixels, in windows of two by two; what is left over at the edges is in none.             \
     The largest pixel of each window, and its place in the plane. */                                                  \
  void sk_largest_of_four_##NAME(T *y, int32_t *winners, const T *x, ptrdiff_t planes, ptrdiff_t height,               \
                                 ptrdiff_t width);                                                                     \
  /* dx = g where the winner of a window is, else 0. */                                                                \
  void sk_give_to_winners_of_four_##NAME(T *dx, const T *g, const int32_t *winners, ptrdiff_t planes,                  \
                                         ptrdiff_t height, ptrdiff_t width);                                           \
  /* The mean of each window. */                                                                                       \
  void sk_mean_of_four_##NAME(T *y, const T *x, ptrdiff_t planes, ptrdiff_t height, ptrdiff_t width);                  \
  /* dx = g / 4 in each window, else 0. */                                                                             \
  void sk_share_among_four_##NAME(T *dx, const T *g, ptrdiff_t planes, ptrdiff_t height, ptrdiff_t width);

SK_POOLING_KERNELS(float, f32)
SK_POOLING_KERNELS(double, f64)
#undef SK_POOLING_KERNELS
