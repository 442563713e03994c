// Transforms of a group of lanes: what FFTW does a vector at a time, and with AVX-512, which not every build of FFTW
// has. After Stockham: each pass reads in one order and writes in another, so that no pass reverses digits.
#include <string.h>

#define SK_BODY "transform.inc"
#include "levels.inc"
