// What a core can do at most: loops that do nothing else.
#pragma once
#include <stddef.h>

#define SK_LIMIT_KERNELS(T, NAME)                                                                                      \
  /* Fused multiply-adds in registers, `rounds` times as many as the function does in one; gives the number of          \
     multiplications and additions done, and puts a result that depends on all of them at `sink`. */                   \
  double sk_fused_multiply_adds_##NAME(T *sink, ptrdiff_t rounds, T factor, T term);

SK_LIMIT_KERNELS(float, f32)
SK_LIMIT_KERNELS(double, f64)
#undef SK_LIMIT_KERNELS

// to[i] = from[i].
void sk_stream_copy(double *restrict to, const double *restrict from, ptrdiff_t count);
// to[i] = a[i] + factor b[i]: the triad of the STREAM benchmark (McCalpin 1995).
void sk_stream_triad(double *restrict to, const double *restrict a, const double *restrict b, double factor,
                     ptrdiff_t count);
