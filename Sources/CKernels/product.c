// Complex matrix products of the size that a frequency has: tens of rows, terms and columns. BLAS would spend as long on
// packing such matrices as on multiplying them; here the filters are stored so that nothing needs packing.
//
// One version for each level of x86-64, with as many sums as its registers hold; elsewhere vectors of 16 bytes.
#include "kernels.h"

#define SWAP16(v) __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
#define SWAP8(v) __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6)
#define SWAP4(v) __builtin_shufflevector(v, v, 1, 0, 3, 2)
#define SWAP2(v) __builtin_shufflevector(v, v, 1, 0)

#define T float
#define WIDTH 4
#define ROWS 4
#define SWAP SWAP4
#define TARGET
#define NAME(f) f##_f32_plain
#include "product.inc"
#undef T
#undef WIDTH
#undef SWAP
#undef NAME
#define T double
#define WIDTH 2
#define SWAP SWAP2
#define NAME(f) f##_f64_plain
#include "product.inc"
#undef T
#undef WIDTH
#undef SWAP
#undef NAME
#undef ROWS
#undef TARGET

#if defined(__x86_64__)
#define T float
#define WIDTH 8
#define ROWS 6
#define SWAP SWAP8
#define TARGET __attribute__((target("arch=x86-64-v3")))
#define NAME(f) f##_f32_v3
#include "product.inc"
#undef T
#undef WIDTH
#undef SWAP
#undef NAME
#define T double
#define WIDTH 4
#define SWAP SWAP4
#define NAME(f) f##_f64_v3
#include "product.inc"
#undef T
#undef WIDTH
#undef SWAP
#undef NAME
#undef ROWS
#undef TARGET

#define T float
#define WIDTH 16
#define ROWS 12
#define SWAP SWAP16
// Without the width, the compiler would halve the vectors.
#define TARGET __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define NAME(f) f##_f32_v4
#include "product.inc"
#undef T
#undef WIDTH
#undef SWAP
#undef NAME
#define T double
#define WIDTH 8
#define SWAP SWAP8
#define NAME(f) f##_f64_v4
#include "product.inc"
#define CHOOSE(name, ...)                      \
  switch (sk_processor_level()) {              \
    case 4: return name##_v4(__VA_ARGS__);     \
    case 3: return name##_v3(__VA_ARGS__);     \
    default: return name##_plain(__VA_ARGS__); \
  }
#else
#define CHOOSE(name, ...) name##_plain(__VA_ARGS__);
#endif

void sk_complex_product_f32(float *c, ptrdiff_t ldc, const float *a, ptrdiff_t a_row, ptrdiff_t a_term, const float *b,
                            ptrdiff_t ldb, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t terms, int conjugate_a,
                            int accumulate) {
  CHOOSE(product_f32, c, ldc, a, a_row, a_term, b, ldb, rows, columns, terms, conjugate_a, accumulate)
}

void sk_complex_product_f64(double *c, ptrdiff_t ldc, const double *a, ptrdiff_t a_row, ptrdiff_t a_term,
                            const double *b, ptrdiff_t ldb, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t terms,
                            int conjugate_a, int accumulate) {
  CHOOSE(product_f64, c, ldc, a, a_row, a_term, b, ldb, rows, columns, terms, conjugate_a, accumulate)
}
