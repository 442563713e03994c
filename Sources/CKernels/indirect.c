// The dense direct method's inner loops: matrix products whose rows or terms stand wherever a table says, so that no
// window has to be unfolded first (M. Dukhan, "The Indirect Convolution Algorithm", arXiv:1907.02129), and the copies
// that lay operands out for them and take results away.
#include "indirect.h"

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
