// Complex matrix products of the size that a frequency has: tens of rows, terms and columns. BLAS would spend as long on
// packing such matrices as on multiplying them; here spectra are stored so that nothing needs packing.
#include "kernels.h"

#define SK_BODY "product.inc"
#include "levels.inc"

#define FUNCTIONS(T, NAME)                                                                                               \
  void sk_complex_product_##NAME(T *c, const T *a, const T *b, const sk_product *product) {                              \
    SK_CALL(, product_##NAME, c, a, b, product)                                                                         \
  }

FUNCTIONS(float, f32)
FUNCTIONS(double, f64)
