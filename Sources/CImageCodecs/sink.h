#pragma once

#include <stddef.h>
#include <stdint.h>

// Bytes that grow as a file is encoded.
typedef struct {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} sink;

// Makes room for so many more bytes; returns 0 if memory is short.
int sink_reserve(sink *to, size_t count);
