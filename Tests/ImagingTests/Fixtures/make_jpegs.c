// Writes JPEGs that Pillow cannot write: any sampling factors, four colours, arithmetic codes.
//
//     cc make_jpegs.c -ljpeg -o make_jpegs && ./make_jpegs
//
// The picture is a formula, so that nothing is read. make_fixtures.py decodes the files with Pillow.
#include <math.h>
#include <stdio.h>

#include <jpeglib.h>

enum { width = 53, height = 37 };

typedef struct {
  const char *name;
  J_COLOR_SPACE colors;
  int channels;
  int factors[4][2];  // horizontal and vertical sampling factors of each colour
  int is_arithmetic;
  int is_progressive;
} kind;

static const kind kinds[] = {
    {"jpeg_410.jpg", JCS_YCbCr, 3, {{4, 2}, {1, 1}, {1, 1}}},
    {"jpeg_411.jpg", JCS_YCbCr, 3, {{4, 1}, {1, 1}, {1, 1}}},
    {"jpeg_441.jpg", JCS_YCbCr, 3, {{1, 4}, {1, 1}, {1, 1}}},
    {"jpeg_colour_finer.jpg", JCS_YCbCr, 3, {{1, 1}, {2, 2}, {2, 1}}},
    {"jpeg_rgb_420.jpg", JCS_RGB, 3, {{2, 2}, {1, 1}, {1, 1}}},
    {"jpeg_cmyk_420.jpg", JCS_CMYK, 4, {{2, 2}, {1, 1}, {1, 1}, {2, 2}}},
    {"jpeg_ycck_420.jpg", JCS_YCCK, 4, {{2, 2}, {1, 1}, {1, 1}, {2, 2}}},
    {"jpeg_arithmetic.jpg", JCS_YCbCr, 3, {{2, 2}, {1, 1}, {1, 1}}, 1},
    {"jpeg_arithmetic_progressive.jpg", JCS_YCbCr, 3, {{2, 2}, {1, 1}, {1, 1}}, 1, 1},
};

static void write(const kind *what) {
  struct jpeg_error_mgr errors;
  struct jpeg_compress_struct info = {.err = jpeg_std_error(&errors)};
  jpeg_create_compress(&info);
  FILE *file = fopen(what->name, "wb");
  jpeg_stdio_dest(&info, file);
  info.image_width = width;
  info.image_height = height;
  info.input_components = what->channels;
  info.in_color_space = what->channels == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, what->colors);
  jpeg_set_quality(&info, 90, TRUE);
  for (int c = 0; c < what->channels; c++) {
    info.comp_info[c].h_samp_factor = what->factors[c][0];
    info.comp_info[c].v_samp_factor = what->factors[c][1];
  }
  info.arith_code = what->is_arithmetic;
  if (what->is_progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < height; y++) {
    JSAMPLE row[width * 4];
    for (int x = 0; x < width; x++)
      for (int c = 0; c < what->channels; c++)
        row[what->channels * x + c] = (JSAMPLE)(128 + 100 * sin(x / (5.0 + c) + c) * cos(y / (7.0 - c)));
    JSAMPROW rows[] = {row};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  fclose(file);
  jpeg_destroy_compress(&info);
}

int main(void) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) write(kinds + i);
  return 0;
}
