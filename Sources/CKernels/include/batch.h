// Inner loops of the dense direct method with vectors across the images of a batch: a *pixel* is a few vectors
// that hold the same pixel of several images. Each tap at each position is one number for all lanes, so taps that see
// only zeros are skipped, whatever the geometry.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A term of a sum: how far from the position the pixel lies, and which number it is multiplied by.
typedef struct {
  int32_t place, factor;
} sk_term;

// Pixels that the two operands of a filter gradient share: rows of some columns, and strides in numbers.
typedef struct {
  ptrdiff_t rows, columns;
  ptrdiff_t g_row, g_channel;
  ptrdiff_t x_row, x_channel, x_column;  // columns of g are neighbours
  ptrdiff_t sum_output, sum_channel;
} sk_overlap;

#define SK_BATCH_KERNELS(FUNCTION, T)                                                                                  \
  /* c[o * c_channel + p] = bias[o] + sum over channels and terms of a[channel * a_channel + p * step + place]         \
     w[channel * w_channel + factor + o] for pixels p < positions and o < outputs, added to what is there if           \
     `accumulate`; `bias` may be null. A pixel is 1 or 2 vectors. */                                                   \
  FUNCTION(void, batch_product, (T *c, ptrdiff_t c_channel, ptrdiff_t positions, ptrdiff_t outputs, const T *a,        \
           ptrdiff_t step, ptrdiff_t a_channel, ptrdiff_t channels, const T *w, ptrdiff_t w_channel,                   \
           const sk_term *terms, ptrdiff_t term_count, ptrdiff_t vectors, const T *bias, bool accumulate))             \
  /* sums[o * sum_output + k * sum_channel] = sum over the overlap of g[o] x[k], a vector of sums for each o < outputs \
     and k < channels, added to what is there if `accumulate`. */                                                      \
  FUNCTION(void, batch_overlap, (T *sums, ptrdiff_t outputs, ptrdiff_t channels, const T *g, const T *x,               \
           const sk_overlap *overlap, ptrdiff_t vectors, bool accumulate))                                             \
  /* to[i] = the sum of the numbers of vector i, for i < count. */                                                     \
  FUNCTION(void, sum_lanes, (T *to, const T *from, ptrdiff_t count))
