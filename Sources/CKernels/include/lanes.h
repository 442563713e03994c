// The loops of the Fourier method.
//
// Lanes: a tile of pixels is one lane, and what is done to it is done to a *group* of lanes at once, 64 bytes of them:
// 16 floats or 8 doubles. Real numbers of a group are one vector, complex ones two, the real parts before the
// imaginary.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How a length of complex numbers is transformed: the radices of the passes, and their twiddles, a pass after the
// other, exp(-2 pi i p k / n) as [p][k from 1][cos, sin], n being the length that is left before the pass. `batch`
// transforms go through a pass together.
typedef struct {
  int32_t count, batch, factor_count, factors[16];
  const void *twiddles;
} sk_lane_plan;

// Where the columns of a tile lie in a plane: places[x] for each, negative for nowhere. If count is not negative, they
// are the pixels from `source` on for x from `first` on, `count` of them, and nowhere otherwise.
typedef struct {
  const int32_t *places;
  int32_t first, count, source;
} sk_columns;

// Where a lane of a group comes from or goes to.
typedef struct {
  void *plane;                // null for an idle lane
  const int32_t *rows;        // where each row of its tile lies in the plane; negative for nowhere
  const sk_columns *columns;
  double bias;                // added to what the lane gives
} sk_lane;

// A product of complex matrices, c[i][j] = sum over terms l of a[i][l] b[l][j], and where its operands lie, in numbers.
typedef struct {
  ptrdiff_t rows, terms;
  ptrdiff_t groups;                     // of lanes, in a row of b and c
  ptrdiff_t c_row, b_row;               // from one row to the next
  ptrdiff_t c_group, b_group, a_group;  // from one group of lanes to the next
  // Either the terms of a lie in groups of lanes, and its rows a_stride apart; or its rows do, and its terms a_stride
  // apart.
  int rows_in_lanes;
  ptrdiff_t a_stride;
  int conjugated;   // 0, or 1 for conj a, or 2 for conj b
  int accumulate;   // whether to add to what is there
  ptrdiff_t taps;          // such products that are summed; 0 for one
  ptrdiff_t a_tap, b_tap;  // from the operands of one of them to those of the next
  ptrdiff_t ahead, b_ahead;  // where the operands of the next product lie, as seen from this one's: a and c, and b
} sk_product;

// A sum over the taps of an axis that is not transformed, lane by lane: y[i] = sum over taps t of w[t] x[i step + t
// dilation], over those t for which that is one of `count`.
typedef struct {
  ptrdiff_t rows, taps;
  ptrdiff_t step, dilation, count;
  ptrdiff_t y_row, x_pitch, w_tap;  // numbers from one to the next
  int conjugated;                   // whether w is to be conjugated
  int broadcast;                    // whether w is one number for all lanes, its imaginary part a group's lanes behind it
  int accumulate;                   // whether to add to what is there
} sk_tap_sum;

// Lists the rows in first..<end that are present in at least one lane; returns how many there are.
ptrdiff_t sk_list_rows(int32_t *list, const sk_lane *lanes, ptrdiff_t count, ptrdiff_t first, ptrdiff_t end);

#define SK_LANE_KERNELS(FUNCTION, T)                                                                                   \
  /* `repeats` unnormalised complex transforms, each of plan->count groups that lie `in_stride` numbers apart in `in`  \
     and `out_stride` in `out`; transforms begin `in_step` and `out_step` numbers apart. `work` holds twice the groups \
     of a batch of transforms. `in` and `out` must not overlap. */                                                     \
  FUNCTION(void, lane_transform, (const sk_lane_plan *plan, const T *in, ptrdiff_t in_stride, ptrdiff_t in_step,       \
           T *out, ptrdiff_t out_stride, ptrdiff_t out_step, ptrdiff_t repeats, T *work, bool inverse))                \
  /* From the transforms z of `half` pairs of columns, one row after the other, to the half spectra of real rows, half \
     + 1 groups each, at to + list[k] * to_row for k < count; roots are exp(-pi i v / half). */                        \
  FUNCTION(void, untangle, (T *to, ptrdiff_t to_row, const T *z, const T *roots, ptrdiff_t half, const int32_t *list,  \
           ptrdiff_t count))                                                                                           \
  /* Back, times two. */                                                                                               \
  FUNCTION(void, tangle, (T *to, const T *x, ptrdiff_t x_row, const T *roots, ptrdiff_t half, const int32_t *list,     \
           ptrdiff_t count))                                                                                           \
  /* Rows of a tile from planes to lanes, one after the other: for row list[k], to[k][x][lane] is the element of its   \
     plane at rows[list[k]] * row_stride + place of x, zero where row or place are negative, or the lane is idle.      \
     `strips` has room for a row of `pitch` numbers (the width in whole groups) of each lane; so has each row of `to`. */\
  FUNCTION(void, gather_rows, (T *to, T *strips, ptrdiff_t pitch, const sk_lane *lanes, const int32_t *list,           \
           ptrdiff_t count, ptrdiff_t row_stride, ptrdiff_t width))                                                    \
  /* Back, plus a number for each lane, and no less than `least`; adding to what is there, if asked. Returns whether   \
     all was finite. */                                                                                                \
  FUNCTION(bool, scatter_rows, (const T *from, T *strips, ptrdiff_t pitch, const sk_lane *lanes, const int32_t *list,  \
           ptrdiff_t count, ptrdiff_t row_stride, ptrdiff_t width, double least, bool add))                            \
  /* Complex matrices, of which rows lie `pitch` numbers apart, and the groups of lanes of a row `group` numbers:      \
     to[j][i] = from[i][j]. */                                                                                         \
  FUNCTION(void, transpose_matrix, (T *to, ptrdiff_t to_pitch, ptrdiff_t to_group, const T *from,                      \
           ptrdiff_t from_pitch, ptrdiff_t from_group, ptrdiff_t rows, ptrdiff_t columns))                             \
  /* From `count` groups, `stride` numbers apart, to a row of interleaved complex numbers for each lane, `pitch`       \
     numbers apart, with real and imaginary parts exchanged if asked; and back. A row has room for whole vectors of 64 \
     bytes. */                                                                                                         \
  FUNCTION(void, lanes_to_rows, (T *to, ptrdiff_t pitch, const T *from, ptrdiff_t stride, ptrdiff_t count,             \
           bool exchanged))                                                                                            \
  FUNCTION(void, rows_to_lanes, (T *to, ptrdiff_t stride, const T *from, ptrdiff_t pitch, ptrdiff_t count,             \
           bool exchanged))                                                                                            \
  /* y = x w, or x conj w, for `count` groups of complex lanes; strides are in numbers. w is a group of lanes, or one  \
     number (real, imaginary) for all lanes of x. */                                                                   \
  FUNCTION(void, lanes_multiply, (T *y, ptrdiff_t y_stride, const T *x, ptrdiff_t x_stride, const T *w,                \
           ptrdiff_t w_stride, ptrdiff_t count, bool conjugated, bool broadcast))                                      \
  /* w += conj g x, lane by lane. */                                                                                   \
  FUNCTION(void, lanes_correlate, (T *w, ptrdiff_t w_stride, const T *g, ptrdiff_t g_stride, const T *x,               \
           ptrdiff_t x_stride, ptrdiff_t count))                                                                       \
  /* y = x w for `count` groups that are polynomials of LANES complex coefficients modulo t^LANES - root, each with a    \
     root (real, imaginary) on the unit circle; x times conj w (1 / t) if asked; scaled, and added to what is there, if \
     asked. */                                                                                                         \
  FUNCTION(void, residue_product, (T *y, const T *x, const T *w, const T *roots, ptrdiff_t count, double scale,        \
           bool conjugated, bool add))                                                                                 \
  FUNCTION(void, complex_product, (T *c, const T *a, const T *b, const sk_product *product))                           \
  FUNCTION(void, tap_sum, (T *y, const T *x, const T *w, const sk_tap_sum *sum))
