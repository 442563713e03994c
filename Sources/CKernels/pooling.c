// The loops of the pooling layers.
#include "pooling.h"
#include "dispatch.h"

#define T float
#define NAME(f) f##_f32
#include "pooling.inc"
#undef T
#undef NAME

#define T double
#define NAME(f) f##_f64
#include "pooling.inc"
