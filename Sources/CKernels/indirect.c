// The dense direct method's inner loops: matrix products whose rows or terms stand wherever a table says, so that no
// window has to be unfolded first (M. Dukhan, "The Indirect Convolution Algorithm", arXiv:1907.02129), and the copies
// that lay operands out for them and take results away.
//
// One version for each level of x86-64, with as many sums as its registers hold; elsewhere vectors of 16 bytes.
#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LOW2(a, b) __builtin_shufflevector(a, b, 0, 2)
#define HIGH2(a, b) __builtin_shufflevector(a, b, 1, 3)
#define LOW4(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH4(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LOW8(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH8(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW16(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH16(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// Sixteen registers of vectors: twelve sums, and room for a row of factors.
#define ROWS1 9
#define ROWS2 6
#define ROWS3 4
#define ROWS4 3

#define T float
#define WIDTH 4
#define LOW LOW4
#define HIGH HIGH4
#define TARGET
#define NAME(f) f##_f32_plain
#include "indirect.inc"
#undef T
#undef WIDTH
#undef LOW
#undef HIGH
#undef NAME
#define T double
#define WIDTH 2
#define LOW LOW2
#define HIGH HIGH2
#define NAME(f) f##_f64_plain
#include "indirect.inc"
#undef T
#undef WIDTH
#undef LOW
#undef HIGH
#undef NAME
#undef TARGET

#if defined(__x86_64__)
#define T float
#define WIDTH 8
#define LOW LOW8
#define HIGH HIGH8
#define TARGET __attribute__((target("arch=x86-64-v3")))
#define NAME(f) f##_f32_v3
#include "indirect.inc"
#undef T
#undef WIDTH
#undef LOW
#undef HIGH
#undef NAME
#define T double
#define WIDTH 4
#define LOW LOW4
#define HIGH HIGH4
#define NAME(f) f##_f64_v3
#include "indirect.inc"
#undef T
#undef WIDTH
#undef LOW
#undef HIGH
#undef NAME
#undef TARGET
#undef ROWS1
#undef ROWS2
#undef ROWS3
#undef ROWS4

// Thirty-two registers would hold more sums, but there are fewer for addresses: with 7 rows of 4 vectors, or 10 of 2,
// some are spilled, and the loop is slower.
#define ROWS1 9
#define ROWS2 9
#define ROWS3 8
#define ROWS4 6

// Without the width, the compiler would halve the vectors.
#define TARGET __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))

#define T float
#define WIDTH 16
#define LOW LOW16
#define HIGH HIGH16
#define MASKED_LOAD(p, n) _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), p)
#define MASKED_STORE(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (n)) - 1), (__m512)(v))
#define NAME(f) f##_f32_v4
#include "indirect.inc"
#undef T
#undef WIDTH
#undef LOW
#undef HIGH
#undef MASKED_LOAD
#undef MASKED_STORE
#undef NAME
#define T double
#define WIDTH 8
#define LOW LOW8
#define HIGH HIGH8
#define MASKED_LOAD(p, n) _mm512_maskz_loadu_pd((__mmask8)((1u << (n)) - 1), p)
#define MASKED_STORE(p, v, n) _mm512_mask_storeu_pd(p, (__mmask8)((1u << (n)) - 1), (__m512d)(v))
#define NAME(f) f##_f64_v4
#include "indirect.inc"
#define CHOOSE(name, ...)                      \
  switch (sk_processor_level()) {              \
    case 4: return name##_v4(__VA_ARGS__);     \
    case 3: return name##_v3(__VA_ARGS__);     \
    default: return name##_plain(__VA_ARGS__); \
  }
#else
#define CHOOSE(name, ...) name##_plain(__VA_ARGS__);
#endif

ptrdiff_t sk_vector_bytes(void) {
  switch (sk_processor_level()) {
    case 4: return 64;
    case 3: return 32;
    default: return 16;
  }
}

#define DEFINE(T, KIND)                                                                                                \
  void sk_indirect_product_##KIND(T *c, const T *a, const int32_t *places, ptrdiff_t rows, const int32_t *terms,       \
                                  ptrdiff_t term_count, const T *b, ptrdiff_t vectors, int accumulate) {               \
    CHOOSE(indirect_product_##KIND, c, a, places, rows, terms, term_count, b, vectors, accumulate)                     \
  }                                                                                                                    \
  void sk_sliding_product_##KIND(T *c, ptrdiff_t ldc, const T *a, ptrdiff_t a_row, ptrdiff_t rows, const T *b,         \
                                 const int32_t *terms, ptrdiff_t term_count, ptrdiff_t columns, int accumulate) {      \
    CHOOSE(sliding_product_##KIND, c, ldc, a, a_row, rows, b, terms, term_count, columns, accumulate)                  \
  }                                                                                                                    \
  void sk_pack_lanes_##KIND(T *to, ptrdiff_t pitch, const T *from, ptrdiff_t from_lane, ptrdiff_t lanes,               \
                            ptrdiff_t count) {                                                                         \
    CHOOSE(pack_lanes_##KIND, to, pitch, from, from_lane, lanes, count)                                                \
  }                                                                                                                    \
  void sk_unpack_lanes_##KIND(T *to, ptrdiff_t to_lane, const T *from, ptrdiff_t pitch, ptrdiff_t lanes,               \
                              ptrdiff_t count, const T *bias) {                                                        \
    CHOOSE(unpack_lanes_##KIND, to, to_lane, from, pitch, lanes, count, bias)                                          \
  }                                                                                                                    \
  void sk_copy_rows_##KIND(T *to, ptrdiff_t to_pitch, const T *from, ptrdiff_t from_pitch, ptrdiff_t rows,             \
                           ptrdiff_t columns, T bias) {                                                                \
    CHOOSE(copy_rows_##KIND, to, to_pitch, from, from_pitch, rows, columns, bias)                                      \
  }                                                                                                                    \
  void sk_copy_padded_##KIND(T *to, const T *from, ptrdiff_t from_pitch, const int32_t *row_sources, ptrdiff_t rows,   \
                             const int32_t *column_sources, ptrdiff_t columns, ptrdiff_t run_start,                    \
                             ptrdiff_t run_end) {                                                                      \
    CHOOSE(copy_padded_##KIND, to, from, from_pitch, row_sources, rows, column_sources, columns, run_start, run_end)   \
  }

DEFINE(float, f32)
DEFINE(double, f64)
