#define _GNU_SOURCE
#include "process.h"

#include <pthread.h>
#include <string.h>

#include "spectralkit.h"

// Here and not in Swift, which has no variable for each thread that lives as long as the thread.
static _Thread_local char message[1024];

void sk_set_message(const char *text, size_t count) {
  if (count >= sizeof message) {
    count = sizeof message - 1;
    // Not within a character of UTF-8.
    while (count > 0 && ((unsigned char)text[count] & 0xC0) == 0x80) count--;
  }
  memcpy(message, text, count);
  message[count] = 0;
}

const char *spectral_message(void) { return message; }

// Calls read, a fork writes. A fork that waits goes before calls that begin, or busy threads would never let it.
#ifdef PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP
#define CALLS PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP
#else
#define CALLS PTHREAD_RWLOCK_INITIALIZER
#endif
static pthread_rwlock_t calls = CALLS;
static void (*restart_child)(void);

void sk_begin_call(void) { pthread_rwlock_rdlock(&calls); }
void sk_end_call(void) { pthread_rwlock_unlock(&calls); }

static void before_fork(void) { pthread_rwlock_wrlock(&calls); }
static void after_fork_in_parent(void) { pthread_rwlock_unlock(&calls); }
static void after_fork_in_child(void) {
  static const pthread_rwlock_t fresh = CALLS;
  memcpy(&calls, &fresh, sizeof calls);
  restart_child();
}

static void register_handlers(void) { pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); }

void sk_restart_after_fork(void (*restart)(void)) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  restart_child = restart;
  pthread_once(&once, register_handlers);
}
