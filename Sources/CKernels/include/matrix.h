// Matrix products of the size that dense layers have.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define SK_MATRIX_KERNELS(FUNCTION, T)                                                                                 \
  /* c[i * ldc + j] = sum_l a(i, l) b(l, j), plus bias[j] unless that is NULL, where a(i, l) = a[i * a_row + l *       \
     a_term] and b(l, j) = b[l * b_term + j * b_column]. */                                                            \
  FUNCTION(void, matrix_product, (T *c, ptrdiff_t ldc, const T *a, ptrdiff_t a_row, ptrdiff_t a_term, const T *b,      \
           ptrdiff_t b_term, ptrdiff_t b_column, const T *bias, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t terms))
