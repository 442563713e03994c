// Unfolding and folding. Plain loops: along an axis, what lies in front of the image, in it, and behind it.
#include "unfold.h"

#include <string.h>

// The pixel at a padded place; -1 for zero.
static inline __attribute__((always_inline)) ptrdiff_t pixel_at(const sk_unfold_axis *axis, ptrdiff_t place) {
  const ptrdiff_t pixel = place - axis->before;
  if (pixel >= 0 && pixel < axis->pixels) return pixel;
  if (!axis->outside) return -1;
  return axis->outside[pixel < 0 ? place : place - axis->pixels];
}

static inline ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

// The positions, at most `most`, from a place on that stand before `end`.
static inline ptrdiff_t positions_before(ptrdiff_t end, ptrdiff_t place, ptrdiff_t step, ptrdiff_t most) {
  if (place >= end || most <= 0) return 0;
  return step == 1 ? least(most, end - place) : least(most, (end - place + step - 1) / step);
}

#define SK_BODY "unfold.inc"
#include "levels.inc"
