// The loops of the pooling layers.
#define SK_BODY "pooling.inc"
#include "levels.inc"
