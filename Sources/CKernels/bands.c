// Copies between planes and bands: see windows.h.
#include "processor.h"
#include "shuffles.h"
#include "windows.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define SK_BODY "bands.inc"
#include "levels.inc"

#define FUNCTIONS(T, NAME)                                                                                           \
  void sk_fill_band_##NAME(T *band, ptrdiff_t band_pitch, const T *plane, ptrdiff_t pitch, const int32_t *rows,      \
                           ptrdiff_t count, const sk_column_run *runs, ptrdiff_t run_count) {                        \
    SK_CALL(, fill_band_##NAME, band, band_pitch, plane, pitch, rows, count, runs, run_count)                        \
  }                                                                                                                  \
  void sk_interleave_band_##NAME(T *band, ptrdiff_t band_pitch, const T *const *planes, ptrdiff_t pitch,             \
                                 const int32_t *rows, ptrdiff_t count, const sk_column_run *runs,                    \
                                 ptrdiff_t run_count) {                                                              \
    SK_CALL(, interleave_band_##NAME, band, band_pitch, planes, pitch, rows, count, runs, run_count)                 \
  }                                                                                                                  \
  void sk_deinterleave_row_##NAME(T *const *planes, ptrdiff_t lanes, ptrdiff_t offset, const T *row,                 \
                                  ptrdiff_t columns) {                                                               \
    SK_CALL(, deinterleave_row_##NAME, planes, lanes, offset, row, columns)                                          \
  }                                                                                                                  \
  void sk_fold_row_##NAME(T *to, const T *row, const sk_column_run *runs, ptrdiff_t run_count, ptrdiff_t width) {    \
    SK_CALL(, fold_row_##NAME, to, row, runs, run_count, width)                                                      \
  }

FUNCTIONS(float, f32)
FUNCTIONS(double, f64)
