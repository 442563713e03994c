// A version of a function for each level of x86-64, chosen when the program is loaded.
#pragma once
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SK_DISPATCH  // resolvers run before a sanitizer's runtime is up
#endif
#endif
#ifndef SK_DISPATCH
#define SK_DISPATCH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#else
#define SK_DISPATCH
#endif
