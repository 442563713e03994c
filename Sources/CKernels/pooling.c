// The loops of the pooling layers.
// What is done with windows of two by two pixels.
enum of_four { largest, mean, give, share };

#define SK_BODY "pooling.inc"
#include "levels.inc"
