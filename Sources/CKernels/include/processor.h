// What the processor can do, and how to wait on it.
#pragma once

// The level of x86-64 whose instructions the processor has: 4 (AVX-512), 3 (AVX2 and FMA), 2 otherwise; 0 elsewhere.
int sk_processor_level(void);

// Says that a loop is only waiting, so that the processor saves power and leaves the memory bus alone.
static inline void sk_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}
