// Sums over windows of planes: the direct method's inner loops for one channel at a time.
//
// A plane is read from a *band*, a copy of some of its rows with the columns that the boundary adds. There are two
// kinds of bands. In a *plain* one a column is a number, and a vector spans neighbouring columns. In an *interleaved*
// one a column is a vector, with the numbers that as many planes have there: nothing straddles a cache line, and a row
// of any length fills its vectors, but planes have to be interleaved and taken apart again.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prefetch.h"

// Rows that are summed together, in registers.
enum { SK_WINDOW_ROWS = 6 };
// Vectors of a row, or of taps, that are summed together: with SK_WINDOW_ROWS rows this leaves registers for factors.
#define SK_WINDOW_VECTORS(registers) ((registers) > 16 ? 4 : 2)

// The kinds of bands. In a shared one, which is interleaved, all lanes have the same weights.
enum sk_band { sk_plain, sk_interleaved, sk_shared };
// The least results that are summed together in a shared band, and the most taps of a kernel over it.
enum { SK_SHARED_RESULTS = 3, SK_MOST_TERMS = 512 };

// Where the pixels and the weights of a tap stand.
typedef struct {
  int32_t place, factor;
} sk_term;

// Neighbouring columns of sums, at most SK_WINDOW_VECTORS vectors of them; the first tap of a kernel's row with which any
// of them sees something, and the one after the last.
typedef struct {
  int32_t columns, first_tap, end_tap;
} sk_column_block;

// One place that rows of sums see, and the rows whose windows see it: `first` to `last` of the rows that are summed
// together.
typedef struct {
  // Counted from the place that the first row of sums sees first. Places without a source are zero, and skipped.
  int32_t place;
  // What it is multiplied with for row `first`: a row of weights, or of the gradient's band.
  int32_t factor;
  int32_t first, last;
} sk_window_step;

// Rows of sums, and the pixels and weights of their windows. Distances count numbers.
typedef struct {
  enum sk_band band;
  // Columns of sums.
  const sk_column_block *blocks;
  ptrdiff_t block_count;
  // Between the pixels of neighbouring columns of sums, in an interleaved band.
  ptrdiff_t column_step;
  ptrdiff_t sum_pitch, pixel_pitch;
  // From one row of weights to the next, and from those of one row of sums to those of the next.
  ptrdiff_t weight_pitch, weight_step;
  // Planes that are summed, and from the pixels and the weights of one to those of the next.
  ptrdiff_t terms, pixel_term, weight_term;
  // Where the pixels of each tap of a kernel's row begin.
  const int32_t *taps;
} sk_window_shape;

// Rows of taps, and the pixels and gradients that they pair. Distances count numbers.
typedef struct {
  // Taps of a row, and where the pixels of each begin.
  ptrdiff_t tap_count;
  const int32_t *taps;
  // From a row of taps to the next; the vectors of neighbouring taps stand side by side.
  ptrdiff_t sum_pitch;
  ptrdiff_t pixel_pitch;
  // Vectors of a row of gradient, from the pixels of one to those of the next, and how many numbers the last one has:
  // what stands behind them in a band of pixels does not count.
  ptrdiff_t columns, column_step, last_width;
  // From one row of gradient to the next, and from that of one row of taps to that of the next.
  ptrdiff_t gradient_pitch, gradient_step;
} sk_tap_shape;

// Equal steps along a row of a plane, side by side in a band: band[to + i] = plane[from + i * step]; zero if `from` is
// negative.
typedef struct {
  int32_t to, from, count, step;
} sk_column_run;

#define SK_WINDOW_KERNELS(FUNCTION, T)                                                                                 \
  /* Sums of up to SK_WINDOW_ROWS rows: for each step and tap, weights times pixels are added to rows that begin as    \
     `start` says. That and the weights are numbers, unless the lanes of an interleaved band have their own. */        \
  FUNCTION(void, correlate_rows, (const sk_window_shape *shape, T *sums, ptrdiff_t rows, const T *pixels,              \
           const T *weights, const T *start, const sk_window_step *steps, ptrdiff_t count, const int32_t *sources,     \
           sk_prefetch *ahead))                                                                                        \
  /* A row of sums of at least SK_SHARED_RESULTS results over a shared band, in about equal parts of up to SK_WINDOW_ROWS\
     of them; the weights of a part for a tap stand side by side. Distances between weights count taps. */             \
  FUNCTION(void, correlate_results, (const sk_window_shape *shape, T *sums, ptrdiff_t results, const T *pixels,        \
           const T *weights, const T *start, const sk_window_step *steps, ptrdiff_t count, const int32_t *sources,     \
           sk_prefetch *ahead))                                                                                        \
  /* For up to SK_WINDOW_ROWS rows of taps: adds to the vector of each tap the products of gradient and pixels. */     \
  FUNCTION(void, correlate_taps, (const sk_tap_shape *shape, T *sums, ptrdiff_t rows, const T *pixels,                 \
           const T *gradient, const sk_window_step *steps, ptrdiff_t count, const int32_t *sources,                    \
           sk_prefetch *ahead))                                                                                        \
  /* to[i] = the sum of the numbers of vector i, for i < count. */                                                     \
  FUNCTION(void, sum_lanes, (T *to, const T *from, ptrdiff_t count))                                                   \
  /* Copies rows of a plane, zeros where their number is negative, into a plain band, row after row, with a vector's   \
     room behind the last; where rows overlap, the later one stays. Runs come in the order of `to`. */                 \
  FUNCTION(void, fill_band, (T *band, ptrdiff_t band_pitch, const T *plane, ptrdiff_t pitch, const int32_t *rows,      \
           ptrdiff_t count, const sk_column_run *runs, ptrdiff_t run_count))                                           \
  /* The same from a vector's number of planes into an interleaved band. */                                            \
  FUNCTION(void, interleave_band, (T *band, ptrdiff_t band_pitch, const T *const *planes, ptrdiff_t pitch,             \
           const int32_t *rows, ptrdiff_t count, const sk_column_run *runs, ptrdiff_t run_count))                      \
  /* The adjoint of filling: adds `count` columns of a row of a band, from `first` on, to where they came from; a column\
     is `width` numbers. */                                                                                            \
  FUNCTION(void, fold_row, (T *to, const T *row, const sk_column_run *runs, ptrdiff_t run_count, ptrdiff_t first,      \
           ptrdiff_t count, ptrdiff_t width))
