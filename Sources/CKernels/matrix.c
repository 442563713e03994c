// Matrix products of the size that dense layers have. BLAS is made for larger ones: here it packs both operands, one of
// them in every piece of work, and takes a lock for the room to do so.
//
// One version for each level of x86-64, with as many sums as its registers hold; elsewhere vectors of 16 bytes.
#include "matrix.h"
#include "processor.h"

#define LOWER16(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UPPER16(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define LOWER8(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define UPPER8(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOWER4(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define UPPER4(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LOWER2(a, b) __builtin_shufflevector(a, b, 0, 2)
#define UPPER2(a, b) __builtin_shufflevector(a, b, 1, 3)

#define ROWS 4
#define TARGET
#define T float
#define WIDTH 4
#define LOWER LOWER4
#define UPPER UPPER4
#define NAME(f) f##_f32_plain
#include "matrix.inc"
#undef T
#undef WIDTH
#undef LOWER
#undef UPPER
#undef NAME
#define T double
#define WIDTH 2
#define LOWER LOWER2
#define UPPER UPPER2
#define NAME(f) f##_f64_plain
#include "matrix.inc"
#undef T
#undef WIDTH
#undef LOWER
#undef UPPER
#undef NAME
#undef TARGET

#if defined(__x86_64__)
#define TARGET __attribute__((target("arch=x86-64-v3")))
#define T float
#define WIDTH 8
#define LOWER LOWER8
#define UPPER UPPER8
#define NAME(f) f##_f32_v3
#include "matrix.inc"
#undef T
#undef WIDTH
#undef LOWER
#undef UPPER
#undef NAME
#define T double
#define WIDTH 4
#define LOWER LOWER4
#define UPPER UPPER4
#define NAME(f) f##_f64_v3
#include "matrix.inc"
#undef T
#undef WIDTH
#undef LOWER
#undef UPPER
#undef NAME
#undef ROWS
#undef TARGET

#define ROWS 8
// Without the width, the compiler would halve the vectors.
#define TARGET __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define T float
#define WIDTH 16
#define LOWER LOWER16
#define UPPER UPPER16
#define NAME(f) f##_f32_v4
#include "matrix.inc"
#undef T
#undef WIDTH
#undef LOWER
#undef UPPER
#undef NAME
#define T double
#define WIDTH 8
#define LOWER LOWER8
#define UPPER UPPER8
#define NAME(f) f##_f64_v4
#include "matrix.inc"
#define CHOOSE(name, ...)                      \
  switch (sk_processor_level()) {              \
    case 4: return name##_v4(__VA_ARGS__);     \
    case 3: return name##_v3(__VA_ARGS__);     \
    default: return name##_plain(__VA_ARGS__); \
  }
#else
#define CHOOSE(name, ...) name##_plain(__VA_ARGS__);
#endif

void sk_matrix_product_f32(float *c, ptrdiff_t ldc, const float *a, ptrdiff_t a_row, ptrdiff_t a_term, const float *b,
                           ptrdiff_t b_term, ptrdiff_t b_column, const float *bias, ptrdiff_t rows, ptrdiff_t columns,
                           ptrdiff_t terms) {
  CHOOSE(matrix_product_f32, c, ldc, a, a_row, a_term, b, b_term, b_column, bias, rows, columns, terms)
}

void sk_matrix_product_f64(double *c, ptrdiff_t ldc, const double *a, ptrdiff_t a_row, ptrdiff_t a_term,
                           const double *b, ptrdiff_t b_term, ptrdiff_t b_column, const double *bias, ptrdiff_t rows,
                           ptrdiff_t columns, ptrdiff_t terms) {
  CHOOSE(matrix_product_f64, c, ldc, a, a_row, a_term, b, b_term, b_column, bias, rows, columns, terms)
}
