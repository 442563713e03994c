// Matrix products of the size that dense layers have, with run-time CPU dispatch as in kernels.h.
#pragma once
#include <stddef.h>

#define SK_MATRIX_KERNELS(T, NAME)                                                                                     \
  /* c[i * ldc + j] = sum_l a(i, l) b(l, j), plus bias[j] unless that is NULL, where a(i, l) = a[i * a_row + l * a_term] \
     and b(l, j) = b[l * b_term + j * b_column]. */                                                                    \
  void sk_matrix_product_##NAME(T *c, ptrdiff_t ldc, const T *a, ptrdiff_t a_row, ptrdiff_t a_term, const T *b,        \
                                ptrdiff_t b_term, ptrdiff_t b_column, const T *bias, ptrdiff_t rows,                   \
                                ptrdiff_t columns, ptrdiff_t terms);

SK_MATRIX_KERNELS(float, f32)
SK_MATRIX_KERNELS(double, f64)
#undef SK_MATRIX_KERNELS
