// The dense direct method's inner loops: matrix products whose rows or terms stand wherever a table says, so that no
// window has to be unfolded first (M. Dukhan, "The Indirect Convolution Algorithm", arXiv:1907.02129), and the copies
// that lay operands out for them and take results away.
#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The next line to fetch of some regions, each of which starts anywhere in its first line.
typedef struct {
  const sk_prefetch_region *region;
  const char *line;
  ptrdiff_t lines, pieces;  // left: of the piece, and of the region after it
} cursor;

static inline __attribute__((always_inline)) ptrdiff_t lines_of(const sk_prefetch_region *region) {
  return (region->bytes + 127) / 64;
}

static ptrdiff_t all_lines(const sk_prefetch_region *ahead, ptrdiff_t count) {
  ptrdiff_t sum = 0;
  for (ptrdiff_t r = 0; r < count; r++) sum += ahead[r].pieces * lines_of(ahead + r);
  return sum;
}

static inline __attribute__((always_inline)) void enter(cursor *at, const sk_prefetch_region *region) {
  at->region = region;
  at->line = region->start;
  at->lines = lines_of(region);
  at->pieces = region->pieces - 1;
}

// Fetches a line for reading, and goes on; the region after the last is never looked at.
static inline __attribute__((always_inline)) void fetch(cursor *at, const sk_prefetch_region *end) {
  __builtin_prefetch(at->line, 0, 2);
  at->line += 64;
  if (--at->lines > 0) return;
  if (at->pieces > 0) {
    at->lines = lines_of(at->region);
    at->line += at->region->stride - 64 * at->lines;
    at->pieces--;
  } else if (at->region + 1 < end) {
    enter(at, at->region + 1);
  }
}

#define SK_BODY "indirect.inc"
#include "levels.inc"

ptrdiff_t sk_vector_bytes(void) {
  switch (sk_processor_level()) {
    case 4: return 64;
    case 3: return 32;
    default: return 16;
  }
}

#define DEFINE(T, KIND)                                                                                                \
  void sk_indirect_product_##KIND(T *c, const T *a, const int32_t *places, ptrdiff_t rows, const int32_t *terms,       \
                                  ptrdiff_t term_count, const T *b, ptrdiff_t vectors, int accumulate,                 \
                                  const sk_prefetch_region *ahead, ptrdiff_t ahead_count) {                                     \
    SK_CALL(, indirect_product_##KIND, c, a, places, rows, terms, term_count, b, vectors, accumulate, ahead,           \
            ahead_count)                                                                                               \
  }                                                                                                                    \
  void sk_sliding_product_##KIND(T *c, ptrdiff_t ldc, const T *a, ptrdiff_t a_row, ptrdiff_t rows, const T *b,         \
                                 const int32_t *terms, ptrdiff_t term_count, ptrdiff_t columns, int accumulate,        \
                                 const sk_prefetch_region *ahead, ptrdiff_t ahead_count) {                                      \
    SK_CALL(, sliding_product_##KIND, c, ldc, a, a_row, rows, b, terms, term_count, columns, accumulate, ahead,        \
            ahead_count)                                                                                               \
  }                                                                                                                    \
  void sk_pack_lanes_##KIND(T *to, ptrdiff_t pitch, const T *from, ptrdiff_t from_lane, ptrdiff_t lanes,               \
                            ptrdiff_t count) {                                                                         \
    SK_CALL(, pack_lanes_##KIND, to, pitch, from, from_lane, lanes, count)                                             \
  }                                                                                                                    \
  void sk_unpack_lanes_##KIND(T *to, ptrdiff_t to_lane, const T *from, ptrdiff_t pitch, ptrdiff_t lanes,               \
                              ptrdiff_t count, const T *bias, ptrdiff_t parts, ptrdiff_t part_stride) {                \
    SK_CALL(, unpack_lanes_##KIND, to, to_lane, from, pitch, lanes, count, bias, parts, part_stride)                   \
  }                                                                                                                    \
  void sk_copy_rows_##KIND(T *to, ptrdiff_t to_pitch, const T *from, ptrdiff_t from_pitch, ptrdiff_t rows,             \
                           ptrdiff_t columns, T bias) {                                                                \
    SK_CALL(, copy_rows_##KIND, to, to_pitch, from, from_pitch, rows, columns, bias)                                   \
  }                                                                                                                    \
  void sk_copy_padded_##KIND(T *to, ptrdiff_t pitch, const T *from, ptrdiff_t from_pitch, const int32_t *row_sources,  \
                             ptrdiff_t rows, const int32_t *column_sources, ptrdiff_t columns, ptrdiff_t run_start,    \
                             ptrdiff_t run_end, int cleared) {                                                         \
    SK_CALL(, copy_padded_##KIND, to, pitch, from, from_pitch, row_sources, rows, column_sources, columns, run_start,  \
            run_end, cleared)                                                                                          \
  }                                                                                                                    \
  int sk_are_finite_##KIND(const T *x, ptrdiff_t count) { SK_CALL(return, are_finite_##KIND, x, count) }

DEFINE(float, f32)
DEFINE(double, f64)
