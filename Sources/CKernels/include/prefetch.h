// What loops fetch ahead, so that what comes next does not wait for memory.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Memory to prefetch into the second-level cache: `pieces` of `bytes` bytes each, `stride` bytes apart.
typedef struct {
  const void *start;
  ptrdiff_t stride, pieces, bytes;
} sk_prefetch_region;

// Regions that are left, the next piece of the first, and what is left of the piece that is being fetched. `lines` cache
// lines are to be fetched during each step of windows, or during a product.
typedef struct {
  const sk_prefetch_region *regions;
  ptrdiff_t count, piece, lines;
  const char *line, *end;
} sk_prefetch;
