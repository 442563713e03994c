#include "sink.h"

#include <stdlib.h>

#include "codecs.h"

int sink_reserve(sink *to, size_t count) {
  if (count <= to->capacity - to->count) return 1;
  size_t capacity = (to->count + count) * 2;
  uint8_t *larger = realloc(to->bytes, capacity);
  if (!larger) return 0;
  to->bytes = larger;
  to->capacity = capacity;
  return 1;
}

void sk_free(uint8_t *bytes) { free(bytes); }
