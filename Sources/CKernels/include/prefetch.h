// What loops fetch ahead, so that what comes next does not wait for memory.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Memory to prefetch into the second-level cache: `pieces` of `bytes` bytes each, `stride` bytes apart.
typedef struct {
  const void *start;
  ptrdiff_t stride, pieces, bytes;
} sk_prefetch_region;

// Regions, which are used up piece by piece, and what is left of the piece that is being fetched. `lines` cache lines are
// to be fetched during each step of windows, or during a product.
typedef struct {
  sk_prefetch_region *regions;
  ptrdiff_t count, lines;
  const char *line, *end;
} sk_prefetch;
