// The tables, and which of them this processor can run.
#define SK_BODY "kernels.inc"
#include "levels.inc"

static int level;
// Function pointers of all kinds have one shape, and so have the pointers that are their parameters.
#define TABLE(name) ((const sk_kernels *)&sk_kernels_##name)
const sk_kernels *sk_chosen_f32 = TABLE(f32_plain), *sk_chosen_f64 = TABLE(f64_plain);

// Runs when the program is loaded, so that callers need no check or lock.
__attribute__((constructor)) static void choose(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  level = __builtin_cpu_supports("x86-64-v4") ? 4 : __builtin_cpu_supports("x86-64-v3") ? 3 : 2;
  if (level == 4) sk_chosen_f32 = TABLE(f32_v4), sk_chosen_f64 = TABLE(f64_v4);
  if (level == 3) sk_chosen_f32 = TABLE(f32_v3), sk_chosen_f64 = TABLE(f64_v3);
#endif
}

int sk_processor_level(void) { return level; }
