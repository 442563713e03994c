#pragma once

#include <stddef.h>
#include <stdint.h>

// PNG and JPEG behind plain calls.
//
// Whatever is not SK_OK comes with a sentence in `message`, which has room for SK_MESSAGE_SIZE bytes. Nothing is
// printed, and nothing jumps out of these functions: the longjmp of libpng and libjpeg ends inside them.

#define SK_MESSAGE_SIZE 256

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  SK_OK = 0,
  SK_DAMAGED,         // the message says what is wrong with the file
  SK_CUT_SHORT,       // the file ends before its pixels do
  SK_UNSUPPORTED,     // the message names the kind of file
  SK_TOO_MANY_SCANS,  // decoding would take longer than it may
} sk_result;

// How a picture is laid out once decoded: rows from the top, samples interleaved, 16-bit samples in the machine's order.
typedef struct {
  uint32_t width;
  uint32_t height;
  uint32_t channels;      // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  uint32_t sample_bytes;  // 1 or 2
  uint32_t source_depth;  // bits of a sample in the file: 1, 2, 4, 8 or 16
  size_t buffer_size;     // bytes that decoding needs, at least width * height * channels * sample_bytes
} sk_picture;

// Hears what is wrong with a file that is decoded all the same. `row` is the stored row from which on pixels may be
// wrong; 0 if it is not known, and -1 if no pixel is touched.
typedef struct {
  void *context;
  void (*warn)(void *context, const char *sentence, int64_t row);
} sk_listener;

// What a file holds beside its pixels: a chunk of a PNG, whose kind is its four letters, the first in the highest byte,
// or a segment of a JPEG, whose kind is its marker. The bytes begin at `offset` in a buffer that comes with it.
typedef struct {
  uint32_t kind;
  size_t offset;
  size_t count;
} sk_segment;

// Reads the header of a PNG file. The values will be the stored ones: no gamma is applied, palettes become RGB, depths
// below 8 are scaled to 8, and a transparent colour becomes an alpha channel.
sk_result sk_png_inspect(const uint8_t *bytes, size_t count, sk_picture *picture, char *message);

// Decodes into `buffer_size` bytes. An ancillary chunk with a wrong checksum, and whatever is wrong after the last
// pixel, are warnings.
sk_result sk_png_decode(
    const uint8_t *bytes, size_t count, const sk_picture *picture, uint8_t *pixels, const sk_listener *listener,
    char *message);

// Encodes 8- or 16-bit samples, the chunks before the pixels. `*bytes` is to be given to sk_free.
sk_result sk_png_encode(
    const sk_picture *picture, const uint8_t *pixels, const sk_segment *chunks, size_t chunk_count,
    const uint8_t *chunk_bytes, uint8_t **bytes, size_t *count, char *message);

// The same for JPEG, always 8 bits: grey, or RGB, to which CMYK pictures are converted.
sk_result sk_jpeg_inspect(const uint8_t *bytes, size_t count, sk_picture *picture, char *message);

// Decodes into `buffer_size` bytes. `scan_limit` bounds the samples of all scans together.
sk_result sk_jpeg_decode(
    const uint8_t *bytes, size_t count, const sk_picture *picture, uint64_t scan_limit, uint8_t *pixels,
    const sk_listener *listener, char *message);

// How a JPEG is to be written.
typedef struct {
  int quality;       // 1 to 100
  int density_unit;  // 0 none, the densities are a ratio; 1 per inch; 2 per centimetre
  uint16_t density_x;
  uint16_t density_y;
} sk_jpeg_options;

// Encodes with colours at full resolution, the segments before the pixels. `*bytes` is to be given to sk_free.
sk_result sk_jpeg_encode(
    const sk_picture *picture, const uint8_t *pixels, const sk_jpeg_options *options, const sk_segment *segments,
    size_t segment_count, const uint8_t *segment_bytes, uint8_t **bytes, size_t *count, char *message);

void sk_free(uint8_t *bytes);

#ifdef __cplusplus
}
#endif
