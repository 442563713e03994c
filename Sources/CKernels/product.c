// Complex matrix products of the size that a frequency has: tens of rows, terms and columns. BLAS would spend as long
// on packing such matrices as on multiplying them; here spectra are stored so that nothing needs packing.
#define SK_BODY "product.inc"
#include "levels.inc"
