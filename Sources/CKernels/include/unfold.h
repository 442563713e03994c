// Unfolding: the values that one tap of a kernel sees from a range of positions, side by side, so that a convolution
// becomes a product of matrices; and its adjoint.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One axis of what is unfolded.
typedef struct {
  ptrdiff_t count;         // positions
  ptrdiff_t step;          // padded pixels from one position to the next
  ptrdiff_t before;        // padded pixels in front of the first pixel
  ptrdiff_t pixels;        // pixels
  ptrdiff_t pitch;         // numbers from one pixel to the next
  const int32_t *outside;  // the pixel whose value stands at each padded pixel in front, then at each behind; null for zero
} sk_unfold_axis;

// Positions of a batch: its images, their rows and columns; numbered in this order of the axes, the last one fastest.
typedef struct {
  sk_unfold_axis axes[3];
  int32_t order[3];
} sk_unfold_axes;

#define SK_UNFOLD_KERNELS(FUNCTION, T)                                                                                 \
  /* to[i] = the value at position first + i, for i < count, seen by the tap at (row, column) from the first. */       \
  FUNCTION(void, unfold, (T *to, const T *from, const sk_unfold_axes *axes, ptrdiff_t row, ptrdiff_t column,           \
           ptrdiff_t first, ptrdiff_t count))                                                                          \
  /* The adjoint: adds from[i] to the pixel whose value position first + i sees. Zeros of the padding take nothing. */ \
  FUNCTION(void, fold, (T *to, const T *from, const sk_unfold_axes *axes, ptrdiff_t row, ptrdiff_t column,             \
           ptrdiff_t first, ptrdiff_t count))
