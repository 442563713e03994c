// Products of spectra, summed over the taps of an axis that is not transformed.
#include "kernels.h"

#define SK_BODY "taps.inc"
#include "levels.inc"

#define FUNCTIONS(T, NAME)                                                                  \
  void sk_tap_sum_##NAME(T *y, const T *x, const T *w, const sk_tap_sum *sum) {            \
    SK_CALL(, tap_sum_##NAME, y, x, w, sum)                                                \
  }

FUNCTIONS(float, f32)
FUNCTIONS(double, f64)
