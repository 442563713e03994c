#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codecs.h"
#include "sink.h"

// The simplified API of libpng converts 16-bit samples to linear light. We want the stored values, so this is the
// ordinary API, with its setjmp in the same function as everything that may longjmp.

typedef struct {
  char *message;
  const sk_listener *listener;
  int has_pixels;  // all of them are decoded: what is wrong from here on harms none
} listening;

static const char cut_short[] = "the file was cut short";

static void warn(listening *to, const char *sentence) {
  if (to->listener) to->listener->warn(to->listener->context, sentence, -1);
}

static _Noreturn void fail(png_structp png, png_const_charp text) {
  listening *to = png_get_error_ptr(png);
  if (to->has_pixels) {
    char sentence[SK_MESSAGE_SIZE];
    snprintf(sentence, sizeof sentence, "after its pixels: %s", text);
    warn(to, text == cut_short ? "its end marker is missing" : sentence);
  } else {
    snprintf(to->message, SK_MESSAGE_SIZE, "%s", text);
  }
  png_longjmp(png, 1);
}

static void note(png_structp png, png_const_charp text) {
  listening *to = png_get_error_ptr(png);
  const char *place = strstr(text, ": CRC error");
  char sentence[SK_MESSAGE_SIZE];
  if (place)
    snprintf(
        sentence, sizeof sentence, "the checksum of its chunk %.*s is wrong, the chunk was left out",
        (int)(place - text), text);
  warn(to, place ? sentence : text);
}

typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t place;
} source;

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  source *from = png_get_io_ptr(png);
  if (count > from->count - from->place) png_error(png, cut_short);
  memcpy(target, from->bytes + from->place, count);
  from->place += count;
}

static sk_result not_started(char *message) {
  snprintf(message, SK_MESSAGE_SIZE, "libpng could not be started: memory is short or its version is another");
  return SK_DAMAGED;
}

// Reads up to the first pixels and asks for samples of 8 or 16 bits with the stored values.
static void read_header(png_structp png, png_infop info) {
  // The caller judges the size; libpng's own limit of a million pixels a side would refuse panoramas.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
#ifdef PNG_HANDLE_AS_UNKNOWN_SUPPORTED
  // Chunks that do not concern the stored values; some of them hold compressed data, which may be a bomb. Those that are
  // kept beside the pixels are read elsewhere.
  static const png_byte unused[] =
      "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0zTXt";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unused, sizeof unused / 5);
#endif
  png_read_info(png, info);
  png_set_expand(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (png_get_bit_depth(png, info) == 16) png_set_swap(png);
#endif
}

sk_result sk_png_inspect(const uint8_t *bytes, size_t count, sk_picture *picture, char *message) {
  source from = {bytes, count, 0};
  listening to = {message, NULL, 0};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &to, fail, note);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return not_started(message);
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return SK_DAMAGED;
  }
  png_set_read_fn(png, &from, read_bytes);
  read_header(png, info);
  // The layout after read_header's transformations is worked out here, not by png_read_update_info: that allocates two
  // rows, which for a header that lies are gigabytes.
  int type = png_get_color_type(png, info);
  int has_alpha = (type & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS);
  picture->source_depth = png_get_bit_depth(png, info);
  picture->width = png_get_image_width(png, info);
  picture->height = png_get_image_height(png, info);
  picture->channels = (type & PNG_COLOR_MASK_COLOR ? 3 : 1) + (has_alpha ? 1 : 0);
  picture->sample_bytes = picture->source_depth == 16 ? 2 : 1;
  size_t row_size = (size_t)picture->width * picture->channels * picture->sample_bytes;
  if (__builtin_mul_overflow(row_size, (size_t)picture->height, &picture->buffer_size))
    png_error(png, "the picture is larger than any memory");
  png_destroy_read_struct(&png, &info, NULL);
  return SK_OK;
}

sk_result sk_png_decode(
    const uint8_t *bytes, size_t count, const sk_picture *picture, uint8_t *pixels, const sk_listener *listener,
    char *message) {
  source from = {bytes, count, 0};
  listening to = {message, listener, 0};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &to, fail, note);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return not_started(message);
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return ((volatile listening *)&to)->has_pixels ? SK_OK : SK_DAMAGED;
  }
  png_set_read_fn(png, &from, read_bytes);
  read_header(png, info);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row_size = png_get_rowbytes(png, info);
  if (picture->height != png_get_image_height(png, info) || picture->buffer_size / picture->height != row_size)
    png_error(png, "the picture has another size than its header");
  // Row by row: an array of row pointers could be larger than the pixels.
  for (int pass = 0; pass < passes; pass++)
    for (uint32_t y = 0; y < picture->height; y++) png_read_row(png, pixels + row_size * y, NULL);
  ((volatile listening *)&to)->has_pixels = 1;
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  return SK_OK;
}

static void write_bytes(png_structp png, png_bytep data, size_t count) {
  sink *to = png_get_io_ptr(png);
  if (!sink_reserve(to, count)) png_error(png, "memory is short");
  memcpy(to->bytes + to->count, data, count);
  to->count += count;
}

static void flush_bytes(png_structp png) { (void)png; }

sk_result sk_png_encode(
    const sk_picture *picture, const uint8_t *pixels, const sk_segment *chunks, size_t chunk_count,
    const uint8_t *chunk_bytes, uint8_t **bytes, size_t *count, char *message) {
  static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                              PNG_COLOR_TYPE_RGB_ALPHA};
  sink to = {NULL, 0, 0};
  listening talk = {message, NULL, 0};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &talk, fail, note);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    return not_started(message);
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(to.bytes);
    return SK_DAMAGED;
  }
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_write_fn(png, &to, write_bytes, flush_bytes);
  // An eighth of the default level's time for a tenth more bytes, on a noisy photograph of 4000 x 3000 (Zen 4).
  png_set_compression_level(png, 3);
  png_set_IHDR(png, info, picture->width, picture->height, (int)picture->sample_bytes * 8, types[picture->channels],
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (size_t i = 0; i < chunk_count; i++) {
    uint32_t kind = chunks[i].kind;
    png_byte name[] = {(png_byte)(kind >> 24), (png_byte)(kind >> 16), (png_byte)(kind >> 8), (png_byte)kind, 0};
    png_write_chunk(png, name, chunk_bytes + chunks[i].offset, chunks[i].count);
  }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (picture->sample_bytes == 2) png_set_swap(png);
#endif
  size_t row_size = (size_t)picture->width * picture->channels * picture->sample_bytes;
  for (uint32_t y = 0; y < picture->height; y++) png_write_row(png, pixels + row_size * y);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  *bytes = to.bytes;
  *count = to.count;
  return SK_OK;
}
