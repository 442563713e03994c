// The dense direct method's inner loops. A row of `vectors` vectors is packed, so arrays of rows are padded to
// whole vectors.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A region to prefetch into the second-level cache: `pieces` of `bytes` bytes each, `stride` bytes apart. A product
// issues some of the prefetches with each block of rows, so that the next product does not wait for memory.
typedef struct {
  const void *start;
  ptrdiff_t stride, pieces, bytes;
} sk_prefetch_region;

#define SK_INDIRECT_KERNELS(FUNCTION, T)                                                                               \
  /* c[i][j] = sum_l a[places[i] + terms[l]] b[l][j] for i < rows and j < 1 to 4 vectors, added to what is there if    \
     `accumulate`. */                                                                                                  \
  FUNCTION(void, indirect_product, (T *c, const T *a, const int32_t *places, ptrdiff_t rows, const int32_t *terms,     \
           ptrdiff_t term_count, const T *b, ptrdiff_t vectors, bool accumulate, const sk_prefetch_region *ahead,      \
           ptrdiff_t ahead_count))                                                                                     \
  /* c[i * ldc + j] = sum_l a[i * a_row + l] b[terms[l] + j] for i < rows and j < columns, added to what is there if   \
     `accumulate`; works on pairs of vectors, so b is read, and c written, up to the next multiple of that. */         \
  FUNCTION(void, sliding_product, (T *c, ptrdiff_t ldc, const T *a, ptrdiff_t a_row, ptrdiff_t rows, const T *b,       \
           const int32_t *terms, ptrdiff_t term_count, ptrdiff_t columns, bool accumulate,                             \
           const sk_prefetch_region *ahead, ptrdiff_t ahead_count))                                                    \
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
  /* to[i * pitch + j] = from[row_sources[i] * from_pitch + column_sources[j]], 0 where either is negative, for j <    \
     columns, row after row: where rows overlap, as the pitch is shorter, the later one stays. The sources of columns  \
     from run_start to run_end are neighbours; those of the others are all negative if `cleared`. */                   \
  FUNCTION(void, copy_padded, (T *to, ptrdiff_t pitch, const T *from, ptrdiff_t from_pitch,                            \
           const int32_t *row_sources, ptrdiff_t rows, const int32_t *column_sources, ptrdiff_t columns,               \
           ptrdiff_t run_start, ptrdiff_t run_end, bool cleared))                                                      \
  /* Whether all of `count` numbers are finite. */                                                                     \
  FUNCTION(bool, are_finite, (const T *x, ptrdiff_t count))
