// The limits of a core.
#define SK_BODY "roofline.inc"
#include "levels.inc"
