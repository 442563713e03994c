// Copies between planes and bands.
#define SK_BODY "bands.inc"
#include "levels.inc"
