// What the functions of the interface need of the process and its threads; not part of the interface.
#pragma once

#include <stddef.h>

/// Keeps text, of which `count` bytes are given, for this thread; what does not fit is cut off between characters.
void sk_set_message(const char *text, size_t count);

/// Begins and ends a call. A fork waits until the calls of other threads have ended, so that the child finds no lock
/// held by a thread that it does not have.
void sk_begin_call(void);
void sk_end_call(void);

/// Has the child of every fork call `restart` before anything else. Only the first of these calls counts.
void sk_restart_after_fork(void (*restart)(void));
