#pragma once

#include <stdint.h>

/// Calls functions of the interface with arguments that are partly right and partly random, `count` times.
///
/// Arrays have memory of exactly their size, so that the address sanitizer sees what goes beyond.
///
/// - Returns: How many calls succeeded; -1 if one broke a promise, of which `problem` then says more.
int64_t sk_fuzz(uint64_t seed, int64_t count, const char **problem);
