// Complex matrix products of the size that a frequency has: tens of rows, terms and columns. BLAS would spend as long on
// packing such matrices as on multiplying them; here spectra are stored so that nothing needs packing.
#include "kernels.h"

#define SK_BODY "product.inc"
#include "levels.inc"

#define FUNCTIONS(T, NAME)                                                                                               \
  void sk_complex_product_##NAME(T *c, const T *a, const T *b, const sk_product *product) {                              \
    SK_CALL(, product_##NAME, c, a, b, product)                                                                         \
  }                                                                                                                     \
  void sk_lane_dots_##NAME(T *w, ptrdiff_t w_row, const T *g, ptrdiff_t g_row, const T *x, ptrdiff_t x_row,             \
                           ptrdiff_t group, ptrdiff_t rows, ptrdiff_t terms, ptrdiff_t groups) {                        \
    SK_CALL(, dots_##NAME, w, w_row, g, g_row, x, x_row, group, rows, terms, groups)                                           \
  }

FUNCTIONS(float, f32)
FUNCTIONS(double, f64)
