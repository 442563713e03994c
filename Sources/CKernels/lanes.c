// Between planes of pixels and lanes, and products lane by lane.
#define SK_BODY "lanes.inc"
#include "levels.inc"

ptrdiff_t sk_list_rows(int32_t *list, const void *planes, const int32_t *const *rows, ptrdiff_t lanes, ptrdiff_t first,
                       ptrdiff_t end) {
  const void *const *plane = planes;
  ptrdiff_t count = 0;
  for (ptrdiff_t y = first; y < end; y++) {
    int any = 0;
    for (ptrdiff_t i = 0; i < lanes && !any; i++) any = plane[i] && rows[i][y] >= 0;
    list[count] = (int32_t)y;
    count += any;
  }
  return count;
}
