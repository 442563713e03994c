#pragma once

#include <stddef.h>
#include <stdint.h>

// PNG and JPEG behind plain calls.
//
// Each returns 0 if all is well. Otherwise it returns another number and puts a sentence into `message`, which has
// room for SK_MESSAGE_SIZE bytes. Nothing is printed, and nothing jumps out of these functions: libpng's longjmp ends
// inside them.

#define SK_MESSAGE_SIZE 256

#ifdef __cplusplus
extern "C" {
#endif

// How a picture is laid out once decoded: rows from the top, samples interleaved, 16-bit samples in the machine's order.
typedef struct {
  uint32_t width;
  uint32_t height;
  uint32_t channels;      // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  uint32_t sample_bytes;  // 1 or 2
  uint32_t source_depth;  // bits of a sample in the file: 1, 2, 4, 8 or 16
  size_t buffer_size;     // bytes that decoding needs, at least width * height * channels * sample_bytes
} sk_picture;

// Reads the header of a PNG file. The values will be the stored ones: no gamma is applied, palettes become RGB, depths
// below 8 are scaled to 8, and a transparent colour becomes an alpha channel.
int sk_png_inspect(const uint8_t *bytes, size_t count, sk_picture *picture, char *message);

// Decodes into `buffer_size` bytes. Every chunk's checksum must be right, and the file must go on to its end marker.
int sk_png_decode(const uint8_t *bytes, size_t count, const sk_picture *picture, uint8_t *pixels, char *message);

// Encodes 8- or 16-bit samples. `*bytes` is to be given to sk_free.
int sk_png_encode(const sk_picture *picture, const uint8_t *pixels, uint8_t **bytes, size_t *count, char *message);
void sk_free(uint8_t *bytes);

// The same for JPEG, always 8 bits: grey, or RGB, to which CMYK pictures are converted.
int sk_jpeg_inspect(const uint8_t *bytes, size_t count, sk_picture *picture, char *message);

// Returns 1 if libjpeg decoded everything but had a complaint, which is in `message`.
int sk_jpeg_decode(const uint8_t *bytes, size_t count, const sk_picture *picture, uint8_t *pixels, char *message);

// Encodes with a quality from 1 to 100 and colours at full resolution. `*bytes` is to be given to sk_jpeg_free.
int sk_jpeg_encode(
    const sk_picture *picture, const uint8_t *pixels, int quality, uint8_t **bytes, size_t *count, char *message);
void sk_jpeg_free(uint8_t *bytes);

#ifdef __cplusplus
}
#endif
