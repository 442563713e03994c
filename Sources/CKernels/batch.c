// The dense direct method's inner loops with vectors across the images of a batch.
#define SK_BODY "batch.inc"
#include "levels.inc"
