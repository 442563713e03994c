// All loops that are worth the processor's vector instructions: a table of functions for each scalar.
//
// Each loop is written once, in a body (`windows.inc`, ...) that `levels.inc` compiles for both scalars and for each
// level of x86-64. The lists in the headers below declare the loops, as FUNCTION(result, name, (parameters)) with T for
// the scalar. The tables, their type and the declarations that bodies are checked against are all made from these lists.
// Taking a table selects the scalar and the instruction set at once; a call is an indirect jump and nothing more.
#pragma once
#include "elementwise.h"
#include "indirect.h"
#include "lanes.h"
#include "matrix.h"
#include "pooling.h"
#include "processor.h"
#include "roofline.h"
#include "unfold.h"
#include "windows.h"

#define SK_KERNELS(FUNCTION, T)                                                                                        \
  SK_ELEMENTWISE_KERNELS(FUNCTION, T)                                                                                  \
  SK_INDIRECT_KERNELS(FUNCTION, T)                                                                                     \
  SK_LANE_KERNELS(FUNCTION, T)                                                                                         \
  SK_MATRIX_KERNELS(FUNCTION, T)                                                                                       \
  SK_POOLING_KERNELS(FUNCTION, T)                                                                                      \
  SK_ROOFLINE_KERNELS(FUNCTION, T)                                                                                     \
  SK_UNFOLD_KERNELS(FUNCTION, T)                                                                                       \
  SK_WINDOW_KERNELS(FUNCTION, T)

// Only tables and their functions are annotated as non-null for Swift; other pointers are left unannotated.
#pragma clang diagnostic ignored "-Wnullability-completeness"

// The fields of a table: the numbers of a vector; the vectors that the loops of windows.h sum together; the functions.
#define SK_TABLE(T)                         \
  {                                         \
    ptrdiff_t vector_width, window_vectors; \
    SK_KERNELS(SK_FIELD, T)                 \
  }
#define SK_FIELD(result, name, parameters) result(*_Nonnull name) parameters;

// A table as generic callers see it, for whom T is void.
typedef struct SK_TABLE(void) sk_kernels;

// The tables for this processor; chosen when the program is loaded.
extern const sk_kernels *_Nonnull sk_chosen_f32, *_Nonnull sk_chosen_f64;
static inline const sk_kernels *_Nonnull sk_kernels_f32(void) { return sk_chosen_f32; }
static inline const sk_kernels *_Nonnull sk_kernels_f64(void) { return sk_chosen_f64; }
