// Sums over windows, for one channel at a time: see windows.h. A block of sums stays in registers while all pixels that
// it needs pass by, and each vector of pixels that is loaded serves every row of the block that sees it.
#include "prefetch.inc"
#include "windows.h"

#define SK_BODY "windows.inc"
#include "levels.inc"
