// Row kernels, plain loops that the compiler vectorises for each level of x86-64.
#include "dispatch.h"
#include "kernels.h"

#define T float
#define NAME(f) f##_f32
#include "rows.inc"
#undef T
#undef NAME

#define T double
#define NAME(f) f##_f64
#include "rows.inc"
