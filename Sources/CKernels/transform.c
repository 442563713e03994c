// Transforms of a group of lanes: what FFTW does a vector at a time, and with AVX-512, which not every build of FFTW has.
// After Stockham: each pass reads in one order and writes in another, so that no pass reverses digits.
#include <string.h>

#include "kernels.h"

#define SK_BODY "transform.inc"
#include "levels.inc"

#define FUNCTIONS(T, NAME)                                                                                              \
  void sk_lane_transform_##NAME(const sk_lane_plan *plan, const T *in, ptrdiff_t in_stride, ptrdiff_t in_step, T *out,  \
                                ptrdiff_t out_stride, ptrdiff_t out_step, ptrdiff_t repeats, T *work, int inverse) {    \
    SK_CALL(, transform_##NAME, plan, in, in_stride, in_step, out, out_stride, out_step, repeats, work, inverse)        \
  }                                                                                                                     \
  void sk_untangle_##NAME(T *to, ptrdiff_t to_row, const T *z, const T *roots, ptrdiff_t half, const int32_t *list,    \
                          ptrdiff_t count) {                                                                           \
    SK_CALL(, untangle_##NAME, to, to_row, z, roots, half, list, count)                                                \
  }                                                                                                                    \
  void sk_tangle_##NAME(T *to, const T *x, ptrdiff_t x_row, const T *roots, ptrdiff_t half, const int32_t *list,       \
                        ptrdiff_t count) {                                                                             \
    SK_CALL(, tangle_##NAME, to, x, x_row, roots, half, list, count)                                                   \
  }

FUNCTIONS(float, f32)
FUNCTIONS(double, f64)
