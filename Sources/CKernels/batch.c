// The dense direct method's inner loops with vectors across the images of a batch.
#include "kernels.h"

#define SK_BODY "batch.inc"
#include "levels.inc"

#define DEFINE(T, KIND)                                                                                                \
  void sk_batch_product_##KIND(T *c, ptrdiff_t c_channel, ptrdiff_t positions, ptrdiff_t outputs, const T *a,          \
                               ptrdiff_t step, ptrdiff_t a_channel, ptrdiff_t channels, const T *w,                    \
                               ptrdiff_t w_channel, const sk_term *terms, ptrdiff_t term_count, ptrdiff_t vectors,     \
                               const T *bias, int accumulate) {                                                        \
    SK_CALL(, batch_product_##KIND, c, c_channel, positions, outputs, a, step, a_channel, channels, w, w_channel,      \
            terms, term_count, vectors, bias, accumulate)                                                              \
  }                                                                                                                    \
  void sk_batch_overlap_##KIND(T *sums, ptrdiff_t outputs, ptrdiff_t channels, const T *g, const T *x,                 \
                               const sk_overlap *overlap, ptrdiff_t vectors, int accumulate) {                         \
    SK_CALL(, batch_overlap_##KIND, sums, outputs, channels, g, x, overlap, vectors, accumulate)                       \
  }                                                                                                                    \
  void sk_sum_lanes_##KIND(T *to, const T *from, ptrdiff_t count) { SK_CALL(, sum_lanes_##KIND, to, from, count) }

DEFINE(float, f32)
DEFINE(double, f64)
