// The loops of the pooling layers.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SK_POOLING_KERNELS(FUNCTION, T)                                                                                \
  /* One row of largest pixels: y[j] and the places of the winners from x[j * stride] where that is larger. */         \
  FUNCTION(void, larger_row, (T *y, int32_t *winners, const T *x, int32_t place, ptrdiff_t stride, ptrdiff_t count))   \
  /* The same without the winners. */                                                                                  \
  FUNCTION(void, larger_row_alone, (T *y, const T *x, ptrdiff_t stride, ptrdiff_t count))                              \
  /* y[j] += x[j * stride]. */                                                                                         \
  FUNCTION(void, add_strided, (T *y, const T *x, ptrdiff_t stride, ptrdiff_t count))                                   \
  /* Planes of height x width pixels, in windows of two by two; what is left over at the edges is in none. The largest \
     pixel of each window, and its place in the plane. */                                                              \
  FUNCTION(void, largest_of_four, (T *y, int32_t *winners, const T *x, ptrdiff_t planes, ptrdiff_t height,             \
           ptrdiff_t width))                                                                                           \
  /* dx = g where the winner of a window is, else 0. */                                                                \
  FUNCTION(void, give_to_winners_of_four, (T *dx, const T *g, const int32_t *winners, ptrdiff_t planes,                \
           ptrdiff_t height, ptrdiff_t width))                                                                         \
  /* The mean of each window. */                                                                                       \
  FUNCTION(void, mean_of_four, (T *y, const T *x, ptrdiff_t planes, ptrdiff_t height, ptrdiff_t width))                \
  /* dx = g / 4 in each window, else 0. */                                                                             \
  FUNCTION(void, share_among_four, (T *dx, const T *g, ptrdiff_t planes, ptrdiff_t height, ptrdiff_t width))
