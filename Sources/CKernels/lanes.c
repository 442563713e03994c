// Between planes of pixels and lanes, and products lane by lane.
#define SK_BODY "lanes.inc"
#include "levels.inc"

ptrdiff_t sk_list_rows(int32_t *list, const sk_lane *lanes, ptrdiff_t count, ptrdiff_t first, ptrdiff_t end) {
  ptrdiff_t listed = 0;
  for (ptrdiff_t y = first; y < end; y++) {
    int any = 0;
    for (ptrdiff_t i = 0; i < count && !any; i++) any = lanes[i].plane && lanes[i].rows[y] >= 0;
    list[listed] = (int32_t)y;
    listed += any;
  }
  return listed;
}
