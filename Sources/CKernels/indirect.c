// The dense direct method's inner loops: matrix products whose rows or terms stand wherever a table says, so that no
// window has to be unfolded first (M. Dukhan, "The Indirect Convolution Algorithm", arXiv:1907.02129), and the copies
// that lay operands out for them and bring results to their arrays.
#include "indirect.h"
#include "prefetch.inc"

#define SK_BODY "indirect.inc"
#include "levels.inc"
