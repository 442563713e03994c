// The loops of layers and optimizers: plain loops that the compiler vectorises for each level of x86-64.
#include <math.h>

#include "elementary.h"

#define SK_BODY "elementwise.inc"
#include "levels.inc"
