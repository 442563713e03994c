// The loops that need run-time CPU dispatch: the compiler makes a version for each level of x86-64 and the loader
// picks the one the processor can run. Elsewhere there is one version. Every function stands in two precisions.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "elementwise.h"

// Lanes: a tile of pixels is stored [row][pair of columns][lane][even, odd], one lane for each (tile, channel) of a
// block: complex numbers of which the even column is the real part, so that a complex transform of half the width over
// all lanes at once does the work of a real one. Complex numbers are interleaved pairs.

#define SK_LANE_KERNELS(T, NAME)                                                                                       \
  /* One row of one tile, from planes to lanes: to[x / 2][c][x % 2] = from[c * stride + columns[x]], 0 where the       \
     column is negative. `pitch` counts lanes, `width` is even. */                                                     \
  void sk_gather_row_##NAME(T *to, ptrdiff_t pitch, const T *from, ptrdiff_t stride, const int32_t *columns,           \
                            ptrdiff_t width, ptrdiff_t channels);                                                      \
  /* Back: to[c * stride + columns[x]] = from[x / 2][c][x % 2] + bias[c]; nothing where the column is negative. */     \
  void sk_scatter_row_##NAME(T *to, ptrdiff_t stride, const int32_t *columns, const T *from, ptrdiff_t pitch,          \
                             ptrdiff_t width, ptrdiff_t channels, const T *bias);                                      \
  /* Back, adding to what is there. */                                                                                 \
  void sk_scatter_add_row_##NAME(T *to, ptrdiff_t stride, const int32_t *columns, const T *from, ptrdiff_t pitch,      \
                                 ptrdiff_t width, ptrdiff_t channels);                                                 \
  /* From the transform Z of pairs to the half spectrum of the real signal, for one frequency of all lanes, with       \
     `z` = Z[u, v], `mirror` = Z[-u, -v] and `root` = exp(-2 pi i v / width): to = E + root O, where 2 E = z + conj    \
     mirror and 2 i O = z - conj mirror. */                                                                            \
  void sk_untangle_##NAME(T *to, const T *z, const T *mirror, T root_real, T root_imaginary, ptrdiff_t lanes);         \
  /* Back, with `x` = X[u, v] and `mirror` = X[-u, width / 2 - v]: to = 2 (E + i O). */                                \
  void sk_tangle_##NAME(T *to, const T *x, const T *mirror, T root_real, T root_imaginary, ptrdiff_t lanes);           \
  /* Complex, lane by lane over `rows` rows of `lanes`: y = x * conj(w), the row w for all rows of x and y. */         \
  void sk_lanes_times_conjugate_##NAME(T *y, const T *x, const T *w, ptrdiff_t rows, ptrdiff_t lanes);                 \
  /* x = g * w. */                                                                                                     \
  void sk_lanes_times_##NAME(T *x, const T *g, const T *w, ptrdiff_t rows, ptrdiff_t lanes);                           \
  /* w += sum over rows of conj(g) * x. */                                                                             \
  void sk_lanes_correlate_##NAME(T *w, const T *g, const T *x, ptrdiff_t rows, ptrdiff_t lanes);                       \
  /* Complex matrices, row strides in complex numbers: c[i][j] = sum_l a(i, l) b[l][j], added to what is there if       \
     `accumulate`. a(i, l) = a[i * a_row + l * a_term], conjugated if asked. */                                        \
  void sk_complex_product_##NAME(T *c, ptrdiff_t ldc, const T *a, ptrdiff_t a_row, ptrdiff_t a_term, const T *b,       \
                                 ptrdiff_t ldb, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t terms, int conjugate_a,   \
                                 int accumulate);                                                                      \
  /* Complex: to[j][i] = conj(from[i][j]); both are packed. */                                                         \
  void sk_adjoint_##NAME(T *to, const T *from, ptrdiff_t rows, ptrdiff_t columns);                                     \
  /* Whether all of `count` numbers are finite. */                                                                     \
  int sk_all_finite_##NAME(const T *x, ptrdiff_t count);

// The level of x86-64 whose instructions the processor has: 4 (AVX-512), 3 (AVX2 and FMA), 2 otherwise; 0 elsewhere.
int sk_processor_level(void);

// Rows: the direct method's inner loops over one row of an image.

#define SK_ROW_KERNELS(T, NAME)                                                                                        \
  /* y[i] += sum_k w[k] x[i * stride + k * dilation], for i < count and k < taps. */                                    \
  void sk_correlate_row_##NAME(T *y, const T *x, const T *w, ptrdiff_t count, ptrdiff_t taps, ptrdiff_t stride,        \
                               ptrdiff_t dilation);                                                                    \
  /* Its adjoint in x: x[i * stride + k * dilation] += w[k] y[i]. */                                                   \
  void sk_spread_row_##NAME(T *x, const T *y, const T *w, ptrdiff_t count, ptrdiff_t taps, ptrdiff_t stride,           \
                            ptrdiff_t dilation);                                                                       \
  /* Its adjoint in w: w[k] += sum_i y[i] x[i * stride + k * dilation]. */                                             \
  void sk_dot_row_##NAME(T *w, const T *y, const T *x, ptrdiff_t count, ptrdiff_t taps, ptrdiff_t stride,              \
                         ptrdiff_t dilation);

SK_ROW_KERNELS(float, f32)
SK_ROW_KERNELS(double, f64)
#undef SK_ROW_KERNELS

SK_LANE_KERNELS(float, f32)
SK_LANE_KERNELS(double, f64)
#undef SK_LANE_KERNELS
