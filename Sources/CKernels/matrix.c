// Matrix products of the size that dense layers have. BLAS is made for larger ones: here it packs both operands, one of
// them in every piece of work, and takes a lock for the room to do so.
#define SK_BODY "matrix.inc"
#include "levels.inc"
