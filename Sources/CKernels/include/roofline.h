// What a core can do at most: loops that do nothing else.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define SK_ROOFLINE_KERNELS(FUNCTION, T)                                                                               \
  /* Fused multiply-adds in registers, `rounds` times as many as the function does in one; gives the number of         \
     multiplications and additions done, and puts a result that depends on all of them at `sink`. */                   \
  FUNCTION(double, fused_multiply_adds, (T *sink, ptrdiff_t rounds, double factor, double term))                       \
  /* to[i] = from[i]. */                                                                                               \
  FUNCTION(void, stream_copy, (T *to, const T *from, ptrdiff_t count))                                                 \
  /* to[i] = a[i] + factor b[i]: the triad of the STREAM benchmark (McCalpin 1995). */                                 \
  FUNCTION(void, stream_triad, (T *to, const T *a, const T *b, double factor, ptrdiff_t count))
