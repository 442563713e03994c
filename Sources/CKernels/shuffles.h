// The two halves of a transposition's step: of the pairs of numbers that lie `step` apart, the first, or the second, of each
// of two vectors. After steps 1, 2, 4, ... a square of numbers is transposed.
#pragma once

#define SK_FIRST_2_1(a, b) __builtin_shufflevector(a, b, 0, 2)
#define SK_SECOND_2_1(a, b) __builtin_shufflevector(a, b, 1, 3)
#define SK_FIRST_4_1(a, b) __builtin_shufflevector(a, b, 0, 4, 2, 6)
#define SK_SECOND_4_1(a, b) __builtin_shufflevector(a, b, 1, 5, 3, 7)
#define SK_FIRST_4_2(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define SK_SECOND_4_2(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)
#define SK_FIRST_8_1(a, b) __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
#define SK_SECOND_8_1(a, b) __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#define SK_FIRST_8_2(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define SK_SECOND_8_2(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define SK_FIRST_8_4(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define SK_SECOND_8_4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
#define SK_FIRST_16_1(a, b) __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
#define SK_SECOND_16_1(a, b) __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)
#define SK_FIRST_16_2(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define SK_SECOND_16_2(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define SK_FIRST_16_4(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define SK_SECOND_16_4(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define SK_FIRST_16_8(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define SK_SECOND_16_8(a, b) __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)

// Within every four numbers of each of two vectors: the first two interleaved, or the last two.
#define SK_LOW_4_4(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define SK_HIGH_4_4(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define SK_LOW_8_4(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define SK_HIGH_8_4(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define SK_LOW_16_4(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define SK_HIGH_16_4(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
