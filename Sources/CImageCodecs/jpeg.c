#include <stdio.h>
#include <turbojpeg.h>

#include "codecs.h"

// The calls are those of TurboJPEG 2, which version 3 still has.

static int failed(tjhandle handle, char *message) {
  snprintf(message, SK_MESSAGE_SIZE, "%s", tjGetErrorStr2(handle));
  if (handle) tjDestroy(handle);
  return -1;
}

static int is_cmyk(int colours) { return colours == TJCS_CMYK || colours == TJCS_YCCK; }

int sk_jpeg_inspect(const uint8_t *bytes, size_t count, sk_picture *picture, char *message) {
  tjhandle handle = tjInitDecompress();
  if (!handle) return failed(NULL, message);
  int width = 0, height = 0, sampling = 0, colours = 0;
  if (tjDecompressHeader3(handle, bytes, count, &width, &height, &sampling, &colours) != 0 || width <= 0 || height <= 0)
    return failed(handle, message);
  picture->width = (uint32_t)width;
  picture->height = (uint32_t)height;
  picture->channels = colours == TJCS_GRAY ? 1 : 3;
  picture->sample_bytes = 1;
  picture->source_depth = 8;
  picture->buffer_size = (size_t)width * (size_t)height * (is_cmyk(colours) ? 4 : picture->channels);
  tjDestroy(handle);
  return 0;
}

// Keeps red, green and blue of CMYK samples, in place. Files of four colours hold them inverted, as Adobe does.
static void convert_cmyk(uint8_t *pixels, size_t count) {
  for (size_t i = 0; i < count; i++) {
    unsigned black = pixels[4 * i + 3];
    for (int c = 0; c < 3; c++) {
      unsigned product = pixels[4 * i + c] * black;
      pixels[3 * i + c] = (uint8_t)((product + 127) / 255);
    }
  }
}

int sk_jpeg_decode(const uint8_t *bytes, size_t count, const sk_picture *picture, uint8_t *pixels, char *message) {
  tjhandle handle = tjInitDecompress();
  if (!handle) return failed(NULL, message);
  size_t places = (size_t)picture->width * picture->height;
  size_t stored_channels = picture->buffer_size / places;
  int format = stored_channels == 1 ? TJPF_GRAY : stored_channels == 3 ? TJPF_RGB : TJPF_CMYK;
  // Progressive files may hold thousands of scans of the whole picture; more than 500 are refused.
  int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
  int complaint = 0;
  if (tjDecompress2(handle, bytes, count, pixels, (int)picture->width, 0, (int)picture->height, format, flags) != 0) {
    if (tjGetErrorCode(handle) != TJERR_WARNING) return failed(handle, message);
    snprintf(message, SK_MESSAGE_SIZE, "%s", tjGetErrorStr2(handle));
    complaint = 1;
  }
  tjDestroy(handle);
  if (format == TJPF_CMYK) convert_cmyk(pixels, places);
  return complaint;
}

int sk_jpeg_encode(
    const sk_picture *picture, const uint8_t *pixels, int quality, uint8_t **bytes, size_t *count, char *message) {
  tjhandle handle = tjInitCompress();
  if (!handle) return failed(NULL, message);
  int grey = picture->channels == 1;
  unsigned char *result = NULL;
  unsigned long size = 0;
  if (tjCompress2(handle, pixels, (int)picture->width, 0, (int)picture->height, grey ? TJPF_GRAY : TJPF_RGB, &result,
                  &size, grey ? TJSAMP_GRAY : TJSAMP_444, quality, TJFLAG_ACCURATEDCT) != 0) {
    tjFree(result);
    return failed(handle, message);
  }
  tjDestroy(handle);
  *bytes = result;
  *count = size;
  return 0;
}

void sk_jpeg_free(uint8_t *bytes) { tjFree(bytes); }
