// Two vectors of `width` numbers shuffled into one: INDEX says which number comes to place i, those of b after those of
// a.
#pragma once

// The two halves of a transposition's step: of the pairs of numbers that lie `step` apart, the first, or the second, of
// each vector. After steps 1, 2, 4, ... a square of numbers is transposed.
#define SK_FIRST(i, step, width) ((i) & (step) ? (i) - (step) + (width) : (i))
#define SK_SECOND(i, step, width) ((i) & (step) ? (i) + (width) : (i) + (step))
// Within every four numbers: the first two of each vector interleaved, or the last two.
#define SK_LOW(i, step, width) ((i) / 4 * 4 + (i) % 4 / 2 + (i) % 2 * (width))
#define SK_HIGH(i, step, width) (SK_LOW(i, step, width) + 2)

#define SK_INDICES_2(INDEX, step, i, width) INDEX(i, step, width), INDEX(i + 1, step, width)
#define SK_INDICES_4(INDEX, step, i, width) \
  SK_INDICES_2(INDEX, step, i, width), SK_INDICES_2(INDEX, step, i + 2, width)
#define SK_INDICES_8(INDEX, step, i, width) \
  SK_INDICES_4(INDEX, step, i, width), SK_INDICES_4(INDEX, step, i + 4, width)
#define SK_INDICES_16(INDEX, step, i, width) \
  SK_INDICES_8(INDEX, step, i, width), SK_INDICES_8(INDEX, step, i + 8, width)
#define SK_SHUFFLE_(a, b, INDEX, step, width) __builtin_shufflevector(a, b, SK_INDICES_##width(INDEX, step, 0, width))
#define SK_SHUFFLE(a, b, INDEX, step, width) SK_SHUFFLE_(a, b, INDEX, step, width)
