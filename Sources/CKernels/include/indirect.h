// The dense direct method's inner loops. A row of `vectors` vectors is packed, so arrays of rows are padded to
// whole vectors.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prefetch.h"

#define SK_INDIRECT_KERNELS(FUNCTION, T)                                                                               \
  /* c[i][j] = sum_l a[offsets[i] + terms[l]] b[l][j] for i < rows and j < 1 to 4 vectors, added to what is there if   \
     `accumulate`. */                                                                                                  \
  FUNCTION(void, indirect_product, (T *c, const T *a, const int32_t *offsets, ptrdiff_t rows, const int32_t *terms,    \
           ptrdiff_t term_count, const T *b, ptrdiff_t vectors, bool accumulate, sk_prefetch *ahead))                  \
  /* c[i * ldc + j] = sum_l a[i * a_row + l] b[terms[l] + j] for i < rows and j < columns, added to what is there if   \
     `accumulate`; works on pairs of vectors, so b is read, and c written, up to the next multiple of that. */         \
  FUNCTION(void, sliding_product, (T *c, ptrdiff_t ldc, const T *a, ptrdiff_t a_row, ptrdiff_t rows, const T *b,       \
           const int32_t *terms, ptrdiff_t term_count, ptrdiff_t columns, bool accumulate, sk_prefetch *ahead))        \
  /* to[i * pitch + lane] = from[lane * from_lane + i] for i < count; beyond `lanes`, zeros up to a whole vector. */   \
  FUNCTION(void, pack_lanes, (T *to, ptrdiff_t pitch, const T *from, ptrdiff_t from_lane, ptrdiff_t lanes,             \
           ptrdiff_t count))                                                                                           \
  /* Back: to[lane * to_lane + i] = sum_p from[p * part_stride + i * pitch + lane] + bias[lane] for i < count and p <  \
     parts, in this order; no bias if that is null. */                                                                 \
  FUNCTION(void, unpack_lanes, (T *to, ptrdiff_t to_lane, const T *from, ptrdiff_t pitch, ptrdiff_t lanes,             \
           ptrdiff_t count, const T *bias, ptrdiff_t parts, ptrdiff_t part_stride))                                    \
  /* to[i * to_pitch + j] = from[i * from_pitch + j] + bias for j < columns. */                                        \
  FUNCTION(void, copy_rows, (T *to, ptrdiff_t to_pitch, const T *from, ptrdiff_t from_pitch, ptrdiff_t rows,           \
           ptrdiff_t columns, double bias))                                                                            \
  /* Whether all of `count` numbers are finite. */                                                                     \
  FUNCTION(bool, are_finite, (const T *x, ptrdiff_t count))
