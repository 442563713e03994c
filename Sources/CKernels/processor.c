#include "processor.h"

static int level;

// Asked for once, when the program is loaded: it takes longer than a short row.
__attribute__((constructor)) static void find_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  level = __builtin_cpu_supports("x86-64-v4") ? 4 : __builtin_cpu_supports("x86-64-v3") ? 3 : 2;
#endif
}

int sk_processor_level(void) { return level; }
