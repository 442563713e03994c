// Products of spectra, summed over the taps of an axis that is not transformed.
#define SK_BODY "taps.inc"
#include "levels.inc"
