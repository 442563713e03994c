#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "codecs.h"

// The library's own interface, which takes every sampling ratio that is a whole number, four colours too; TurboJPEG's
// refuses all but six ratios at the header.

typedef struct {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  const sk_listener *listener;
  char *message;
  sk_result result;
  uint64_t scanned;
  uint64_t scan_limit;
  unsigned components_seen;
  int is_decoding;
  int is_scanning;  // all scans are being read, before the first pixel
  int has_pixels;   // all of them are decoded: what is wrong from here on harms none
  int has_ended;   // the bytes ran out before the end marker
  int lacks_data;  // and samples were still to come
  uint8_t is_told[256];
} reader;

static void warn(reader *from, const char *sentence, int64_t row) {
  if (from->listener) from->listener->warn(from->listener->context, sentence, row);
}

static _Noreturn void fail(reader *from, sk_result result, const char *text) {
  if (from->has_pixels) {
    char sentence[SK_MESSAGE_SIZE];
    snprintf(sentence, sizeof sentence, "after its pixels: %s", text);
    warn(from, sentence, -1);
  } else {
    from->result = result;
    snprintf(from->message, SK_MESSAGE_SIZE, "%s", text);
  }
  longjmp(from->escape, 1);
}

static void error_exit(j_common_ptr info) {
  reader *from = info->client_data;
  int value = info->err->msg_parm.i[0];
  switch (info->err->msg_code) {
  case JERR_BAD_PRECISION:
    if (value == 12) fail(from, SK_UNSUPPORTED, "12-bit JPEG");
    break;
  case JERR_SOF_UNSUPPORTED:
    fail(from, SK_UNSUPPORTED, value == 0xc3 || value == 0xcb ? "lossless JPEG" : "hierarchical JPEG");
    break;
  case JERR_FRACT_SAMPLE_NOTIMPL:
  case JERR_CCIR601_NOTIMPL:
    fail(from, SK_UNSUPPORTED, "JPEG with a sampling ratio that is no whole number");
    break;
  case JERR_CONVERSION_NOTIMPL:
  case JERR_COMPONENT_COUNT:
    fail(from, SK_UNSUPPORTED, "JPEG with other than 1, 3 or 4 colour components");
    break;
  case JERR_ARITH_NOTIMPL:
    fail(from, SK_UNSUPPORTED, "arithmetic-coded JPEG");
    break;
  }
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  fail(from, SK_DAMAGED, text);
}

// Each kind of warning is told once: a damaged file may have one for every block.
static void emit_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  reader *from = info->client_data;
  struct jpeg_error_mgr *errors = info->err;
  errors->num_warnings++;
  int code = errors->msg_code;
  if (code == JWRN_HIT_MARKER && from->has_ended) from->lacks_data = 1;
  if (code < 0 || code > 255 || from->is_told[code]) return;
  from->is_told[code] = 1;
  int64_t row = -1;
  if (from->is_decoding) {
    row = (int64_t)from->info.input_iMCU_row * from->info.max_v_samp_factor * DCTSIZE;
    if (row >= from->info.image_height) row = 0;
  }
  char text[JMSG_LENGTH_MAX];
  const int *values = errors->msg_parm.i;
  switch (code) {
  case JWRN_EXTRANEOUS_DATA:
    snprintf(text, sizeof text, "%d stray byte%s before marker 0x%02x", values[0], values[0] == 1 ? "" : "s", values[1]);
    // They are noticed at the end of the compressed data that went astray somewhere before.
    if (row > 0) row = 0;
    break;
  case JWRN_JFIF_MAJOR:
    snprintf(text, sizeof text, "its JFIF version %d.%02d is unknown", values[0], values[1]);
    row = -1;
    break;
  case JWRN_ADOBE_XFORM:
    snprintf(text, sizeof text, "its Adobe colour transform %d is unknown", values[0]);
    break;
  case JWRN_HIT_MARKER: snprintf(text, sizeof text, "compressed data end early"); break;
  case JWRN_HUFF_BAD_CODE: snprintf(text, sizeof text, "bad Huffman code"); break;
  case JWRN_ARITH_BAD_CODE: snprintf(text, sizeof text, "bad arithmetic code"); break;
  default: errors->format_message(info, text);
  }
  warn(from, text, row);
}

static void output_message(j_common_ptr info) { (void)info; }

static void begin_source(j_decompress_ptr info) { (void)info; }

static boolean fill_source(j_decompress_ptr info) {
  static const JOCTET end[] = {0xff, JPEG_EOI};
  reader *from = info->client_data;
  if (!from->has_ended) warn(from, "its end marker is missing", -1);
  from->has_ended = 1;
  info->src->next_input_byte = end;
  info->src->bytes_in_buffer = sizeof end;
  return TRUE;
}

static void skip_source(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  if ((size_t)count > info->src->bytes_in_buffer) {
    fill_source(info);
    return;
  }
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= (size_t)count;
}

// Called before each row of blocks of a file of several scans; also before each row of pixels.
static void watch_scans(j_common_ptr common) {
  reader *from = common->client_data;
  if (!from->is_scanning) return;
  j_decompress_ptr info = &from->info;
  for (int i = 0; i < info->comps_in_scan; i++) from->components_seen |= 1u << info->cur_comp_info[i]->component_index;
  uint64_t rows = info->total_iMCU_rows ? (info->MCU_rows_in_scan + info->total_iMCU_rows - 1) / info->total_iMCU_rows : 1;
  from->scanned += rows * info->MCUs_per_row * (uint64_t)info->blocks_in_MCU * DCTSIZE2;
  if (from->scanned > from->scan_limit) fail(from, SK_TOO_MANY_SCANS, "it has too many scans");
}

// Sets up everything that cannot fail.
static void prepare(
    reader *from, const uint8_t *bytes, size_t count, const sk_listener *listener, char *message) {
  memset(from, 0, sizeof *from);
  from->listener = listener;
  from->message = message;
  from->info.err = jpeg_std_error(&from->errors);
  from->errors.error_exit = error_exit;
  from->errors.emit_message = emit_message;
  from->errors.output_message = output_message;
  from->info.client_data = from;
  from->source = (struct jpeg_source_mgr){
      .next_input_byte = bytes,
      .bytes_in_buffer = count,
      .init_source = begin_source,
      .fill_input_buffer = fill_source,
      .skip_input_data = skip_source,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = begin_source,
  };
  from->progress.progress_monitor = watch_scans;
}

static void read_header(reader *from, sk_picture *picture) {
  j_decompress_ptr info = &from->info;
  jpeg_create_decompress(info);
  info->src = &from->source;
  info->progress = &from->progress;
  jpeg_read_header(info, TRUE);
  if (info->data_precision != 8) fail(from, SK_UNSUPPORTED, info->data_precision == 12 ? "12-bit JPEG" : "lossless JPEG");
  size_t stored;
  switch (info->jpeg_color_space) {
  case JCS_GRAYSCALE:
    info->out_color_space = JCS_GRAYSCALE;
    stored = picture->channels = 1;
    break;
  case JCS_YCbCr:
  case JCS_RGB:
    info->out_color_space = JCS_RGB;
    stored = picture->channels = 3;
    break;
  case JCS_CMYK:
  case JCS_YCCK:
    info->out_color_space = JCS_CMYK;
    stored = 4;
    picture->channels = 3;
    break;
  default: fail(from, SK_UNSUPPORTED, "JPEG with other than 1, 3 or 4 colour components");
  }
  picture->width = info->image_width;
  picture->height = info->image_height;
  picture->sample_bytes = 1;
  picture->source_depth = 8;
  picture->buffer_size = (size_t)picture->width * picture->height * stored;
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

// Whether pixels are missing from a file whose bytes ran out before its end marker.
static int is_cut_short(reader *from) {
  j_decompress_ptr info = &from->info;
  if (!from->has_ended) return 0;
  // The arithmetic decoder does not tell zeros that it read from those that it made up.
  if (from->lacks_data || info->arith_code) return 1;
  if (!info->progressive_mode || !info->coef_bits) return 0;
  for (int c = 0; c < info->num_components; c++)
    for (int k = 0; k < DCTSIZE2; k++)
      if (info->coef_bits[c][k] != 0) return 1;
  return 0;
}

static void decode(reader *from, const sk_picture *picture, uint8_t *pixels) {
  j_decompress_ptr info = &from->info;
  sk_picture found;
  read_header(from, &found);
  if (found.width != picture->width || found.height != picture->height || found.buffer_size != picture->buffer_size)
    fail(from, SK_DAMAGED, "the picture has another size than its header");
  info->dct_method = JDCT_ISLOW;
  int has_several_scans = jpeg_has_multiple_scans(info);
  from->is_decoding = from->is_scanning = 1;
  jpeg_start_decompress(info);
  from->is_scanning = 0;
  size_t row_size = picture->buffer_size / picture->height;
  while (info->output_scanline < info->output_height) {
    JSAMPROW row = pixels + row_size * info->output_scanline;
    jpeg_read_scanlines(info, &row, 1);
  }
  unsigned all = (1u << info->num_components) - 1;
  int lacks_component = has_several_scans && from->components_seen != all;
  if (is_cut_short(from) || (from->has_ended && lacks_component)) fail(from, SK_CUT_SHORT, "the file was cut short");
  if (lacks_component) warn(from, "it holds no data for one of its colours", 0);
  if (info->out_color_space == JCS_CMYK) convert_cmyk(pixels, (size_t)picture->width * picture->height);
  from->has_pixels = 1;
  jpeg_finish_decompress(info);
}

sk_result sk_jpeg_inspect(const uint8_t *bytes, size_t count, sk_picture *picture, char *message) {
  reader from;
  prepare(&from, bytes, count, NULL, message);
  if (setjmp(from.escape) == 0) read_header(&from, picture);
  jpeg_destroy_decompress(&from.info);
  return from.result;
}

sk_result sk_jpeg_decode(
    const uint8_t *bytes, size_t count, const sk_picture *picture, uint64_t scan_limit, uint8_t *pixels,
    const sk_listener *listener, char *message) {
  reader from;
  prepare(&from, bytes, count, listener, message);
  from.scan_limit = scan_limit;
  if (setjmp(from.escape) == 0) decode(&from, picture, pixels);
  jpeg_destroy_decompress(&from.info);
  return from.result;
}
