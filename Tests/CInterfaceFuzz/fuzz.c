#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spectralkit.h"

static _Thread_local uint64_t state;

// SplitMix64 (Steele, Lea and Flood, 2014).
static uint64_t bits(void) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static int64_t below(int64_t count) { return (int64_t)(bits() % (uint64_t)count); }
static int one_in(int64_t count) { return below(count) == 0; }

// A number that a caller could pass by mistake.
static int64_t odd_number(void) {
  static const int64_t numbers[] = {
      0, -1, 1, 2, 3, 7, 64, 100, -100, INT32_MAX, INT32_MIN, (int64_t)1 << 31, (int64_t)1 << 40,
      (int64_t)1 << 62, INT64_MAX, INT64_MIN,
  };
  return numbers[below(sizeof numbers / sizeof *numbers)];
}

// What is given, or now and then something else.
static int64_t number(int64_t usual) { return one_in(40) ? odd_number() : usual; }
static int32_t word(int64_t usual) { return (int32_t)number(usual); }

static void *blocks[256];
static int block_count;

static void *keep(void *block) {
  if (block && block_count < 256) blocks[block_count++] = block;
  return block;
}

static void free_blocks(void) {
  while (block_count) free(blocks[--block_count]);
}

static size_t element_bytes(int32_t dtype) {
  return dtype == SPECTRAL_FLOAT32 ? 4 : dtype == SPECTRAL_COMPLEX128 ? 16 : 8;
}

// Gives an array memory of exactly its size; none if it would be large.
static void give_memory(spectral_array *array, int is_result) {
  int64_t low = 0, high = 0, count = 1;
  array->data = NULL;
  if (array->rank < 0 || array->rank > SPECTRAL_MAX_RANK) return;
  for (int32_t axis = 0; axis < array->rank; axis++) {
    int64_t size = array->sizes[axis], stride = array->strides[axis], reach;
    if (size < 0 || size > 4096 || stride > 4096 || stride < -4096) return;
    count *= size;
    if (count > 1 << 16) return;
    reach = (size - 1) * stride;
    if (reach < 0) low += reach;
    else high += reach;
  }
  if (count == 0 || high - low > 1 << 18) return;
  size_t bytes = element_bytes(array->dtype), elements = (size_t)(high - low + 1);
  char *memory = keep(malloc(elements * bytes));
  if (!memory) return;
  size_t scalar = array->dtype == SPECTRAL_FLOAT32 || array->dtype == SPECTRAL_COMPLEX64 ? 4 : 8;
  for (size_t i = 0; i < elements * bytes / scalar; i++) {
    double value = is_result ? NAN : one_in(500) ? (one_in(2) ? NAN : INFINITY) : (double)below(2001) / 1000 - 1;
    if (scalar == 4) ((float *)memory)[i] = (float)value;
    else ((double *)memory)[i] = value;
  }
  array->data = memory - low * (int64_t)bytes;
}

// An array of some sizes, dense or strided, of which something may be wrong.
static spectral_array *array_of(int32_t dtype, int32_t rank, const int64_t *sizes, int is_result) {
  if (one_in(200)) return NULL;
  spectral_array *array = keep(malloc(sizeof *array));
  memset(array, 0x5a, sizeof *array);
  array->dtype = one_in(60) ? word(below(5)) : dtype;
  array->rank = word(rank);
  int64_t stride = one_in(6) ? 2 : 1;
  int is_reversed = one_in(8);
  for (int32_t axis = rank - 1; axis >= 0; axis--) {
    array->sizes[axis] = one_in(150) ? number(sizes[axis] + 1) : sizes[axis];
    array->strides[axis] = one_in(200) ? odd_number() : !is_result && one_in(30) ? 0 : is_reversed ? -stride : stride;
    int64_t size = sizes[axis] > 0 && sizes[axis] < 1 << 20 ? sizes[axis] : 1;
    stride = stride > 1 << 20 ? stride : stride * size + (one_in(10) ? 1 : 0);
  }
  give_memory(array, is_result);
  return array;
}

// As many arrays as a call takes; now and then a result is one of the inputs.
static spectral_array *result_of(int32_t dtype, int32_t rank, const int64_t *sizes, spectral_array *input) {
  return one_in(60) ? input : array_of(dtype, rank, sizes, 1);
}

static int64_t succeeded;
static const char *broken;

static void judge(spectral_status status, const char *call) {
  (void)call;
  if (status == SPECTRAL_OK) {
    succeeded++;
    return;
  }
  const char *message = spectral_message();
  if (status < 0 || status > SPECTRAL_STOPPED) broken = "a status that is none";
  else if (!*message) broken = "a failure without a message";
  else if (strchr(message, '\n')) broken = "a message of more than one line";
}

static int32_t stop_sometimes(double fraction, void *context) {
  (void)context;
  if (!(fraction >= 0 && fraction <= 1)) broken = "a fraction that is none";
  return one_in(20) ? 1 : 0;
}

static const char *solver_name(void) {
  static const char *names[] = {
      "direct.matrix", "direct.window", "direct.unfold", "fft.tiles", "fft.whole", "", "fft.none", "direct",
  };
  return one_in(3) ? names[below(sizeof names / sizeof *names)] : NULL;
}

static void fuzz_plan(void) {
  spectral_plan_options options;
  judge(spectral_plan_defaults(&options), "defaults");
  int32_t axes = 1 + (int32_t)below(3);
  int64_t groups = 1 + below(2), channels = groups * (1 + below(3)), outputs = groups * (1 + below(3));
  int64_t side = axes == 1 ? 60 : axes == 2 ? 14 : 7;
  options.dtype = word(1 + below(2));
  options.axes = word(axes);
  options.batch = number(below(3));
  options.input_channels = number(channels);
  options.output_channels = number(outputs);
  options.groups = number(groups);
  options.padding = word(one_in(2) ? 0 : below(4));
  options.operation = word(below(2));
  options.boundary = word(below(6));
  options.boundary_value = one_in(20) ? NAN : (double)below(7) - 3;
  options.method = word(below(3));
  options.transforms = word(below(3));
  // Measuring takes long.
  options.planning = one_in(50) ? 7 : SPECTRAL_ESTIMATE;
  options.solver = solver_name();
  options.memory_limit = one_in(6) ? below(1 << 16) : number(0);
  if (one_in(100)) options.struct_size = (uint64_t)odd_number();
  for (int axis = 0; axis < axes; axis++) {
    options.input[axis] = number(1 + below(side));
    options.kernel[axis] = number(1 + below(5));
    options.stride[axis] = number(1 + below(2));
    options.dilation[axis] = number(1 + below(2));
    options.padding_before[axis] = number(below(5));
    options.padding_after[axis] = number(below(5));
  }
  spectral_plan *plan = (spectral_plan *)(uintptr_t)odd_number();
  spectral_status status = spectral_plan_create(one_in(200) ? NULL : &options, one_in(200) ? NULL : &plan);
  judge(status, "create");
  if (status != SPECTRAL_OK && !one_in(10)) return;

  int64_t out[3] = {1, 1, 1}, bytes;
  char text[16];
  judge(spectral_plan_output_sizes(plan, out), "sizes");
  judge(spectral_plan_memory(plan, word(below(4)), &bytes), "memory");
  judge(spectral_plan_describe(plan, word(below(4)), text, (size_t)below(17)), "describe");
  int64_t x_sizes[5] = {options.batch, options.input_channels};
  int64_t w_sizes[5] = {options.output_channels, channels / groups};
  int64_t y_sizes[5] = {options.batch, options.output_channels};
  for (int axis = 0; axis < axes; axis++) {
    x_sizes[2 + axis] = options.input[axis];
    w_sizes[2 + axis] = options.kernel[axis];
    y_sizes[2 + axis] = out[axis];
  }
  spectral_array *x = array_of(options.dtype, axes + 2, x_sizes, 0);
  spectral_array *w = array_of(options.dtype, axes + 2, w_sizes, 0);
  spectral_array *g = array_of(options.dtype, axes + 2, y_sizes, 0);
  spectral_array *y = result_of(options.dtype, axes + 2, y_sizes, x);
  spectral_array *dx = result_of(options.dtype, axes + 2, x_sizes, g);
  spectral_array *dw = result_of(options.dtype, axes + 2, w_sizes, g);
  spectral_array *b = one_in(2) ? array_of(options.dtype, 1, &options.output_channels, 0) : NULL;
  spectral_array *c = one_in(2) ? array_of(options.dtype, 1, &options.input_channels, 0) : NULL;
  spectral_array *db = array_of(options.dtype, 1, &options.output_channels, 1);
  spectral_filters *filters = NULL;
  spectral_tape *tape = NULL;
  judge(spectral_forward(plan, x, w, b, word(below(2)), y), "forward");
  judge(spectral_input_gradient(plan, g, w, c, word(below(2)), dx), "input gradient");
  judge(spectral_filter_gradient(plan, g, x, dw), "filter gradient");
  judge(spectral_bias_gradient(g, db), "bias gradient");
  judge(spectral_filters_create(w, &filters), "filters");
  judge(spectral_forward_prepared(plan, x, filters, b, word(below(2)), y), "prepared");
  judge(spectral_record(plan, x, w, b, word(below(2)), y, &tape), "record");
  if (one_in(3)) judge(spectral_plan_free(plan), "free");
  judge(spectral_gradients(tape, g, one_in(4) ? NULL : dx, one_in(4) ? NULL : dw), "gradients");
  judge(spectral_tape_free(one_in(20) ? (spectral_tape *)plan : tape), "free");
  judge(spectral_tape_free(tape), "free");
  judge(spectral_filters_free(filters), "free");
  judge(spectral_plan_free(plan), "free");
  judge(spectral_forward(plan, x, w, b, 0, y), "a plan that was freed");
}

static void fuzz_convolve(void) {
  spectral_convolve_options options;
  judge(spectral_convolve_defaults(&options), "defaults");
  int32_t axes = 1 + (int32_t)below(3), batches = (int32_t)below(3), rank = axes + batches;
  options.axes = word(one_in(2) ? 0 : axes);
  options.operation = word(below(2));
  options.mode = word(below(4));
  options.boundary = word(below(6));
  options.boundary_value = one_in(20) ? INFINITY : (double)below(7) - 3;
  options.method = word(below(3));
  options.transforms = word(below(3));
  options.solver = one_in(5) ? solver_name() : NULL;
  options.memory_limit = one_in(6) ? below(1 << 16) : number(0);
  int64_t sizes[5], taps[5];
  int32_t is_double = (int32_t)below(2);
  int has_own = one_in(3);
  for (int axis = 0; axis < rank; axis++) {
    sizes[axis] = axis < batches ? below(4) : below(axes == 1 ? 70 : 12);
    taps[axis] = axis < batches ? (has_own && !one_in(3) ? sizes[axis] : 1) : below(6);
  }
  for (int axis = 0; axis < 3; axis++) {
    options.origin[axis] = number(one_in(2) ? 0 : below(5) - 2);
    options.padding_before[axis] = number(below(4));
    options.padding_after[axis] = number(below(4));
  }
  int32_t dtype = 1 + is_double + (one_in(3) ? 2 : 0), kernel_dtype = 1 + is_double + (one_in(3) ? 2 : 0);
  spectral_array *x = array_of(dtype, rank, sizes, 0);
  int is_short = !has_own && one_in(2);
  spectral_array *w = array_of(kernel_dtype, is_short ? axes : rank, is_short ? taps + batches : taps, 0);
  int64_t results[SPECTRAL_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
  spectral_status status = spectral_convolve_sizes(one_in(50) ? NULL : &options, x, w, results);
  judge(status, "sizes");
  spectral_array *y = result_of(dtype > kernel_dtype ? dtype : kernel_dtype, rank, results, x);
  judge(spectral_convolve(&options, x, w, y), "convolve");
}

static void fuzz_frequencies(void) {
  static const char *expressions[] = {
      "lowpass gaussian:0.1", "--highpass=butterworth:0.1,2", "--notch gaussian:0.25,0,0.02 --unsharp gaussian:0.1,0.8",
      "laplacian", "homomorphic gaussian:0.02,0.5,2", "", "lowpass", "lowpass gaussian:7",
      "bandpass ideal:0.1,0.3 laplacian",
      "mask x.png", "directional keep:gaussian:90,5", "\xff\xfe", "lowpass gaussian:nan", "emphasis gaussian:0.1,1,2",
  };
  spectral_frequency_options options;
  judge(spectral_frequency_defaults(&options), "defaults");
  int32_t axes = 1 + (int32_t)below(3);
  options.dtype = word(1 + below(2));
  options.axes = word(axes);
  options.boundary = word(below(6));
  options.boundary_value = (double)below(3);
  // What is padded far takes long.
  options.padding = one_in(40) ? (one_in(2) ? -3 : INT64_MAX) : below(6) - 2;
  options.memory_limit = one_in(6) ? below(1 << 16) : number(0);
  int64_t sizes[4] = {below(3), 0, 0, 0};
  for (int axis = 0; axis < axes; axis++) sizes[1 + axis] = options.sizes[axis] = number(below(axes == 1 ? 60 : 14));
  spectral_frequency_filter *filter = NULL;
  const char *expression = one_in(100) ? NULL : expressions[below(sizeof expressions / sizeof *expressions)];
  judge(spectral_frequency_filter_create(&options, expression, &filter), "frequency filter");
  int has_batch = one_in(2);
  spectral_array *x = array_of(options.dtype, axes + has_batch, sizes + !has_batch, 0);
  spectral_array *y = result_of(options.dtype, axes + has_batch, sizes + !has_batch, x);
  judge(spectral_frequency_filter_apply(filter, x, y), "apply");
  judge(spectral_frequency_filter_free(filter), "free");
}

static void fuzz_restoration(void) {
  int32_t dtype = 1 + (int32_t)below(2), has_batch = (int32_t)below(2);
  int64_t sizes[3] = {below(3), below(16), below(16)}, taps[2] = {below(5), below(5)};
  spectral_array *x = array_of(dtype, 2 + has_batch, sizes + !has_batch, 0), *h = array_of(dtype, 2, taps, 0);
  spectral_array *y = result_of(dtype, 2 + has_batch, sizes + !has_batch, x);
  spectral_wiener_options wiener;
  judge(spectral_wiener_defaults(&wiener), "defaults");
  wiener.noise_kind = word(below(3));
  wiener.noise = one_in(10) ? NAN : (double)below(10) / 100;
  wiener.boundary = word(below(6));
  wiener.boundary_value = (double)below(3);
  wiener.border_steps = number(below(5));
  wiener.memory_limit = one_in(6) ? below(1 << 16) : number(0);
  wiener.progress = one_in(3) ? stop_sometimes : NULL;
  judge(spectral_wiener(one_in(20) ? NULL : &wiener, x, h, y), "wiener");
  spectral_richardson_lucy_options lucy;
  judge(spectral_richardson_lucy_defaults(&lucy), "defaults");
  lucy.iterations = one_in(10) ? -below(2) : below(6);
  lucy.damping = one_in(10) ? -1 : (double)below(3) / 100;
  lucy.boundary = word(below(6));
  lucy.memory_limit = one_in(6) ? below(1 << 16) : number(0);
  lucy.progress = one_in(3) ? stop_sometimes : NULL;
  judge(spectral_richardson_lucy(&lucy, x, h, y), "richardson-lucy");
}

int64_t sk_fuzz(uint64_t seed, int64_t count, const char **problem) {
  succeeded = 0;
  broken = NULL;
  for (int64_t i = 0; i < count && !broken; i++) {
    state = seed + (uint64_t)i * 0x632BE59BD9B4E019u;
    switch (below(8)) {
      case 0: fuzz_frequencies(); break;
      case 1: fuzz_restoration(); break;
      case 2:
      case 3: fuzz_convolve(); break;
      default: fuzz_plan();
    }
    judge(spectral_set_threads((int32_t)below(5) - 1), "threads");
    free_blocks();
  }
  *problem = broken;
  return broken ? -1 : succeeded;
}
