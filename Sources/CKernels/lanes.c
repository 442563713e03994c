// Between planes of pixels and lanes, and products lane by lane.
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include "kernels.h"
#include "shuffles.h"

#define SK_BODY "lanes.inc"
#include "levels.inc"

#define FUNCTIONS(T, NAME)                                                                                              \
  void sk_gather_rows_##NAME(T *to, T *strips, ptrdiff_t pitch, T *const *planes, const int32_t *const *rows,          \
                             const sk_columns *const *columns, const int32_t *list, ptrdiff_t count,                   \
                             ptrdiff_t row_stride, ptrdiff_t width) {                                                  \
    SK_CALL(, gather_##NAME, to, strips, pitch, planes, rows, columns, list, count, row_stride, width)                 \
  }                                                                                                                    \
  int sk_scatter_rows_##NAME(const T *from, T *strips, ptrdiff_t pitch, T *const *planes, const int32_t *const *rows,  \
                             const sk_columns *const *columns, const int32_t *list, ptrdiff_t count,                   \
                             ptrdiff_t row_stride, ptrdiff_t width, const T *bias, T least, int add) {                 \
    int finite = 0;                                                                                                    \
    SK_CALL(finite =, scatter_##NAME, from, strips, pitch, planes, rows, columns, list, count, row_stride, width,       \
            bias, least, add)                                                                                          \
    return finite;                                                                                                     \
  }                                                                                                                    \
  void sk_transpose_matrix_##NAME(T *to, ptrdiff_t to_pitch, ptrdiff_t to_group, const T *from, ptrdiff_t from_pitch,   \
                                  ptrdiff_t from_group, ptrdiff_t rows, ptrdiff_t columns) {                            \
    SK_CALL(, transpose_matrix_##NAME, to, to_pitch, to_group, from, from_pitch, from_group, rows, columns)             \
  }                                                                                                                     \
  void sk_lanes_to_rows_##NAME(T *to, ptrdiff_t pitch, const T *from, ptrdiff_t stride, ptrdiff_t count,                 \
                               int exchanged) {                                                                         \
    SK_CALL(, lanes_to_rows_##NAME, to, pitch, from, stride, count, exchanged)                                          \
  }                                                                                                                     \
  void sk_rows_to_lanes_##NAME(T *to, ptrdiff_t stride, const T *from, ptrdiff_t pitch, ptrdiff_t count,                 \
                               int exchanged) {                                                                         \
    SK_CALL(, rows_to_lanes_##NAME, to, stride, from, pitch, count, exchanged)                                          \
  }                                                                                                                     \
  void sk_lanes_multiply_##NAME(T *y, ptrdiff_t y_stride, const T *x, ptrdiff_t x_stride, const T *w,                   \
                                ptrdiff_t w_stride, ptrdiff_t count, int conjugated, int broadcast) {                   \
    SK_CALL(, multiply_##NAME, y, y_stride, x, x_stride, w, w_stride, count, conjugated, broadcast)                     \
  }                                                                                                                     \
  void sk_lanes_correlate_##NAME(T *w, ptrdiff_t w_stride, const T *g, ptrdiff_t g_stride, const T *x,                  \
                                 ptrdiff_t x_stride, ptrdiff_t count) {                                                 \
    SK_CALL(, correlate_##NAME, w, w_stride, g, g_stride, x, x_stride, count)                                           \
  }

FUNCTIONS(float, f32)
FUNCTIONS(double, f64)

ptrdiff_t sk_list_rows(int32_t *list, const void *planes, const int32_t *const *rows, ptrdiff_t lanes, ptrdiff_t first,
                       ptrdiff_t end) {
  const void *const *plane = planes;
  ptrdiff_t count = 0;
  for (ptrdiff_t y = first; y < end; y++) {
    int any = 0;
    for (ptrdiff_t i = 0; i < lanes && !any; i++) any = plane[i] && rows[i][y] >= 0;
    list[count] = (int32_t)y;
    count += any;
  }
  return count;
}
