#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "codecs.h"
#include "sink.h"

typedef struct {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr destination;
  jmp_buf escape;
  sink to;
  char *message;
  sk_result result;
} writer;

static const size_t piece = 1 << 16;

static void error_exit(j_common_ptr info) {
  writer *to = info->client_data;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  snprintf(to->message, SK_MESSAGE_SIZE, "%s", text);
  to->result = SK_DAMAGED;
  longjmp(to->escape, 1);
}

static void output_message(j_common_ptr info) { (void)info; }

static void reserve(j_compress_ptr info) {
  writer *to = info->client_data;
  if (!sink_reserve(&to->to, piece)) ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
  to->destination.next_output_byte = to->to.bytes + to->to.count;
  to->destination.free_in_buffer = piece;
}

static boolean empty_piece(j_compress_ptr info) {
  ((writer *)info->client_data)->to.count += piece;
  reserve(info);
  return TRUE;
}

static void end_piece(j_compress_ptr info) {
  writer *to = info->client_data;
  to->to.count += piece - to->destination.free_in_buffer;
}

static void encode(
    writer *to, const sk_picture *picture, const uint8_t *pixels, const sk_jpeg_options *options,
    const sk_segment *segments, size_t segment_count, const uint8_t *segment_bytes) {
  j_compress_ptr info = &to->info;
  jpeg_create_compress(info);
  info->dest = &to->destination;
  info->image_width = picture->width;
  info->image_height = picture->height;
  info->input_components = (int)picture->channels;
  info->in_color_space = picture->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(info);
  jpeg_set_quality(info, options->quality, TRUE);
  info->dct_method = JDCT_ISLOW;
  // The defaults would halve the resolution of colours.
  info->comp_info[0].h_samp_factor = info->comp_info[0].v_samp_factor = 1;
  info->density_unit = (UINT8)options->density_unit;
  info->X_density = options->density_x;
  info->Y_density = options->density_y;
  jpeg_start_compress(info, TRUE);
  for (size_t i = 0; i < segment_count; i++)
    jpeg_write_marker(info, (int)segments[i].kind, segment_bytes + segments[i].offset, (unsigned)segments[i].count);
  size_t row_size = (size_t)picture->width * picture->channels;
  while (info->next_scanline < info->image_height) {
    JSAMPROW row = (JSAMPROW)(pixels + row_size * info->next_scanline);
    jpeg_write_scanlines(info, &row, 1);
  }
  jpeg_finish_compress(info);
}

sk_result sk_jpeg_encode(
    const sk_picture *picture, const uint8_t *pixels, const sk_jpeg_options *options, const sk_segment *segments,
    size_t segment_count, const uint8_t *segment_bytes, uint8_t **bytes, size_t *count, char *message) {
  writer to;
  memset(&to, 0, sizeof to);
  to.message = message;
  to.info.err = jpeg_std_error(&to.errors);
  to.errors.error_exit = error_exit;
  to.errors.output_message = output_message;
  to.info.client_data = &to;
  to.destination = (struct jpeg_destination_mgr){
      .init_destination = reserve, .empty_output_buffer = empty_piece, .term_destination = end_piece};
  if (setjmp(to.escape) == 0) encode(&to, picture, pixels, options, segments, segment_count, segment_bytes);
  jpeg_destroy_compress(&to.info);
  if (to.result != SK_OK) {
    free(to.to.bytes);
    return to.result;
  }
  *bytes = to.to.bytes;
  *count = to.to.count;
  return SK_OK;
}
