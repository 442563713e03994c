// Sums over windows, for one channel at a time: see windows.h. A block of sums stays in registers while all pixels that
// it needs pass by, and each vector of pixels that is loaded serves every row of the block that sees it.
#include "windows.h"

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
