// Sums over windows, for one channel at a time: see windows.h. A block of sums stays in registers while all pixels that
// it needs pass by, and each vector of pixels that is loaded serves every row of the block that sees it.
#include "windows.h"

#include "processor.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Fetches the lines of a step.
static inline __attribute__((always_inline)) void fetch(sk_window_prefetch *ahead) {
  for (ptrdiff_t i = 0; i < ahead->lines; i++) {
    if (ahead->at >= ahead->end) {
      if (ahead->next >= ahead->next_end) return;
      ahead->at = ahead->next;
      ahead->end = ahead->next_end;
      ahead->next_end = ahead->next;
    }
    __builtin_prefetch(ahead->at, 0, 2);
    ahead->at += 64;
  }
}

#define SK_BODY "windows.inc"
#include "levels.inc"

#define FUNCTIONS(T, NAME)                                                                                             \
  ptrdiff_t sk_window_vectors_##NAME(void) { SK_CALL(return, vectors_##NAME) }                                         \
  void sk_correlate_rows_##NAME(const sk_window_shape *shape, T *sums, ptrdiff_t rows, const T *pixels,                \
                                const T *weights, const T *start, const sk_window_step *steps, ptrdiff_t count,        \
                                sk_window_prefetch *ahead) {                                                              \
    SK_CALL(, correlate_rows_##NAME, shape, sums, rows, pixels, weights, start, steps, count, ahead)                   \
  }                                                                                                                    \
  void sk_correlate_taps_##NAME(const sk_tap_shape *shape, T *sums, ptrdiff_t rows, const T *pixels,                   \
                                const T *gradient, const sk_window_step *steps, ptrdiff_t count,                       \
                                sk_window_prefetch *ahead) {                                                              \
    SK_CALL(, correlate_taps_##NAME, shape, sums, rows, pixels, gradient, steps, count, ahead)                         \
  }

FUNCTIONS(float, f32)
FUNCTIONS(double, f64)
