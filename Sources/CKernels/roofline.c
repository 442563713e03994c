// The limits of a core, in a version for each level of x86-64 as the products have them.
#include "dispatch.h"
#include "kernels.h"

#define TARGET
#define T float
#define WIDTH 4
#define NAME(f) f##_f32_plain
#include "roofline.inc"
#undef T
#undef WIDTH
#undef NAME
#define T double
#define WIDTH 2
#define NAME(f) f##_f64_plain
#include "roofline.inc"
#undef T
#undef WIDTH
#undef NAME
#undef TARGET

#if defined(__x86_64__)
#define TARGET __attribute__((target("arch=x86-64-v3")))
#define T float
#define WIDTH 8
#define NAME(f) f##_f32_v3
#include "roofline.inc"
#undef T
#undef WIDTH
#undef NAME
#define T double
#define WIDTH 4
#define NAME(f) f##_f64_v3
#include "roofline.inc"
#undef T
#undef WIDTH
#undef NAME
#undef TARGET

// Without the width, the compiler would halve the vectors.
#define TARGET __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define T float
#define WIDTH 16
#define NAME(f) f##_f32_v4
#include "roofline.inc"
#undef T
#undef WIDTH
#undef NAME
#define T double
#define WIDTH 8
#define NAME(f) f##_f64_v4
#include "roofline.inc"
#define CHOOSE(name, ...)                             \
  switch (sk_processor_level()) {                     \
    case 4: return name##_v4(__VA_ARGS__);            \
    case 3: return name##_v3(__VA_ARGS__);            \
    default: return name##_plain(__VA_ARGS__);        \
  }
#else
#define CHOOSE(name, ...) return name##_plain(__VA_ARGS__);
#endif

double sk_fused_multiply_adds_f32(float *sink, ptrdiff_t rounds, float factor, float term) {
  CHOOSE(fused_multiply_adds_f32, sink, rounds, factor, term)
}

double sk_fused_multiply_adds_f64(double *sink, ptrdiff_t rounds, double factor, double term) {
  CHOOSE(fused_multiply_adds_f64, sink, rounds, factor, term)
}

SK_DISPATCH void sk_stream_copy(double *restrict to, const double *restrict from, ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) to[i] = from[i];
}

SK_DISPATCH void sk_stream_triad(double *restrict to, const double *restrict a, const double *restrict b, double factor,
                                 ptrdiff_t count) {
  for (ptrdiff_t i = 0; i < count; i++) to[i] = a[i] + factor * b[i];
}
