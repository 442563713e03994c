/* SpectralKit in C: convolution in one, two and three dimensions, directly and by FFTW's transforms, with gradients;
 * filters by frequency; restoration.
 *
 * A *plan* says what is computed: sizes, geometry, method, memory limit. It is made once and run as often as wanted,
 * from any thread, also from several at a time. Functions without a plan do small jobs on single arrays, and keep plans
 * of their own.
 *
 *     spectral_plan_options options;
 *     spectral_plan_defaults(&options);
 *     options.axes = 2;
 *     options.input[0] = options.input[1] = 512;
 *     options.kernel[0] = options.kernel[1] = 31;
 *     options.padding = SPECTRAL_PADDING_SAME;
 *     spectral_plan *plan;
 *     if (spectral_plan_create(&options, &plan)) puts(spectral_message());
 *
 * Status. Every function that can fail returns a spectral_status, 0 where all is well. Otherwise spectral_message()
 * is a sentence that says what is wrong and what to do, and nothing was written to results. No argument makes the
 * library trap: null pointers, sizes, strides, constants, handles and overlaps are checked. What cannot be checked is
 * that memory is there: an array must lie, with all its elements, in memory of the caller.
 *
 * Arrays are the caller's: the library reads and writes them where they are, frees none and keeps none beyond the
 * call, but for those of a recorded step (spectral_record). Dense arrays in row-major order are not copied, inputs or
 * results; others are packed first. A result may share no element with an input of the same call, nor two of its own.
 *
 * Handles (spectral_plan, spectral_filters, spectral_tape, spectral_frequency_filter) are made by a _create function
 * and given back to the _free function of their kind. They are no addresses: one that was given back is noticed. To
 * free a handle while another thread uses it is safe; the work in progress is finished first.
 *
 * Threads. Work is shared out to as many threads as spectral_set_threads allows, the caller's included, in the whole
 * process. Results do not depend on their number. A fork() waits until the calls of other threads have ended; the child
 * computes with threads of its own.
 *
 * Correlation and convolution. With x beyond the border as the boundary says, over taps j,
 *     SPECTRAL_CORRELATION   y[i] = sum x[s i + d j - before] w[j]              what networks call convolution
 *     SPECTRAL_CONVOLUTION   y[i] = sum x[s i + d (K - 1 - j) - before] w[j]    what signal processing calls it
 * with stride s, dilation d, `before` elements of padding in front, and K taps along the axis.
 */
#ifndef SPECTRALKIT_H
#define SPECTRALKIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------------- */
/* Versions, status, threads                                                                                         */

/* The version of this interface. A library with the same number keeps what this header says. */
#define SPECTRAL_INTERFACE 1

/* The library's SPECTRAL_INTERFACE. */
int32_t spectral_interface(void);

/* The library's version, e.g. "0.1.0". */
const char *spectral_version(void);

typedef int32_t spectral_status;
enum {
  SPECTRAL_OK = 0,
  /* An argument that is wrong by itself: a null pointer, an unknown constant, a negative size, no handle. */
  SPECTRAL_INVALID = 1,
  /* Arrays and geometry that do not fit each other. */
  SPECTRAL_SHAPE = 2,
  /* More memory than the limit, or than the machine has; the message states the estimate. */
  SPECTRAL_MEMORY = 3,
  /* Contents: text that names no filter, values that are not finite where a transform would spread them, a point-spread
   * function that sums to zero. */
  SPECTRAL_VALUE = 4,
  /* It can be computed, but not by the solver that was asked for. */
  SPECTRAL_UNSUPPORTED = 5,
  /* The caller's progress function asked to stop. Images that were done by then are in the result. */
  SPECTRAL_STOPPED = 6
};

/* What was wrong with the last call of this thread that failed; "" if none did. It stays until the next one fails. */
const char *spectral_message(void);

/* How many threads may work at once, from 1 to 1024; the number of processors unless set. */
spectral_status spectral_set_threads(int32_t count);
int32_t spectral_threads(void);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Arrays                                                                                                            */

enum { SPECTRAL_MAX_RANK = 8, SPECTRAL_MAX_AXES = 3 };

/* The type of an element. Complex ones are pairs (real, imaginary), and for spectral_convolve only. */
enum { SPECTRAL_FLOAT32 = 1, SPECTRAL_FLOAT64 = 2, SPECTRAL_COMPLEX64 = 3, SPECTRAL_COMPLEX128 = 4 };

/* An array in the caller's memory. */
typedef struct spectral_array {
  /* Its first element, the one with all indices 0; aligned as a number of its type. */
  void *data;
  int32_t dtype;
  /* The number of axes, 0 to SPECTRAL_MAX_RANK. */
  int32_t rank;
  /* Elements along each axis, outermost first; what is beyond the rank is not read. */
  int64_t sizes[SPECTRAL_MAX_RANK];
  /* From one element to the next along each axis, in elements, not bytes. Inputs may have any, also 0, which repeats
   * elements, and negative ones, for which `data` is still the element with all indices 0. */
  int64_t strides[SPECTRAL_MAX_RANK];
} spectral_array;

/* Describes a dense array in row-major order. */
static inline spectral_array spectral_dense(void *data, int32_t dtype, int32_t rank, const int64_t *sizes) {
  spectral_array array = {data, dtype, rank, {0}, {0}};
  int64_t stride = 1;
  for (int32_t axis = (rank < SPECTRAL_MAX_RANK ? rank : SPECTRAL_MAX_RANK) - 1; axis >= 0; axis--) {
    array.sizes[axis] = sizes[axis];
    array.strides[axis] = stride;
    stride = (int64_t)((uint64_t)stride * (uint64_t)sizes[axis]);
  }
  return array;
}

/* ---------------------------------------------------------------------------------------------------------------- */
/* Constants of a convolution                                                                                        */

enum { SPECTRAL_CORRELATION = 0, SPECTRAL_CONVOLUTION = 1 };

/* What an array is taken to be beyond its border. */
enum {
  SPECTRAL_BOUNDARY_ZERO = 0,      /* 0000|abcd|0000 */
  SPECTRAL_BOUNDARY_REFLECT = 1,   /* dcba|abcd|dcba; PyTorch has none, NumPy's "symmetric", SciPy's "reflect" */
  SPECTRAL_BOUNDARY_MIRROR = 2,    /* dcb|abcd|cba;   PyTorch's and NumPy's "reflect", SciPy's "mirror" */
  SPECTRAL_BOUNDARY_REPLICATE = 3, /* aaaa|abcd|dddd; NumPy's "edge", SciPy's "nearest" */
  SPECTRAL_BOUNDARY_CIRCULAR = 4,  /* abcd|abcd|abcd; NumPy's and SciPy's "wrap" */
  SPECTRAL_BOUNDARY_CONSTANT = 5   /* vvvv|abcd|vvvv with v the options' boundary_value */
};

enum {
  /* padding_before and padding_after, each axis by itself. */
  SPECTRAL_PADDING_SIDES = 0,
  /* None: windows stay inside. */
  SPECTRAL_PADDING_VALID = 1,
  /* ceil(input / stride) outputs; an odd element goes to the end, as PyTorch has it. */
  SPECTRAL_PADDING_SAME = 2,
  /* dilation (kernel - 1) on every side. */
  SPECTRAL_PADDING_FULL = 3
};

/* How it is computed. All methods give the same but for rounding. */
enum {
  /* What promises to be fastest. */
  SPECTRAL_AUTOMATIC = 0,
  /* By the definition; exact on integers that the type can hold. */
  SPECTRAL_DIRECT = 1,
  /* By fast Fourier transforms. */
  SPECTRAL_FFT = 2
};

/* Who computes the transforms of tiles. */
enum { SPECTRAL_TRANSFORMS_FASTEST = 0, SPECTRAL_TRANSFORMS_FFTW = 1, SPECTRAL_TRANSFORMS_BUILT_IN = 2 };

enum {
  /* By a model of costs, at once: the same plan, and the same bits, on every run on one machine and build. */
  SPECTRAL_ESTIMATE = 0,
  /* By timing the most promising ways, some seconds at most: the forward pass when the plan is made, others when they
   * run for the first time. Remembered on disk. Results may differ in the last bits from run to run. */
  SPECTRAL_MEASURE = 1
};

enum { SPECTRAL_ACTIVATION_NONE = 0, SPECTRAL_ACTIVATION_RELU = 1 };

enum { SPECTRAL_FORWARD = 0, SPECTRAL_INPUT_GRADIENT = 1, SPECTRAL_FILTER_GRADIENT = 2, SPECTRAL_STEP = 3 };

/* ---------------------------------------------------------------------------------------------------------------- */
/* Plans: batches of signals, images or volumes with channels                                                        */

/* What a plan computes. Call spectral_plan_defaults first, then set what differs. Of the arrays of three numbers the
 * first `axes` count, in the order of the axes: of a volume depth, height, width. */
typedef struct spectral_plan_options {
  /* sizeof(spectral_plan_options): tells the library which header the caller was compiled with. */
  uint64_t struct_size;
  /* SPECTRAL_FLOAT32 (default) or SPECTRAL_FLOAT64, of all arrays. */
  int32_t dtype;
  /* Axes over which windows slide, 1 to 3; default 2. */
  int32_t axes;
  /* N, C, O and groups; default 1. C and O must be multiples of the groups. N may be 0. */
  int64_t batch;
  int64_t input_channels;
  int64_t output_channels;
  int64_t groups;
  /* Elements of the input along each axis; no default. */
  int64_t input[SPECTRAL_MAX_AXES];
  /* Taps of a filter along each axis; no default. */
  int64_t kernel[SPECTRAL_MAX_AXES];
  /* Default 1. */
  int64_t stride[SPECTRAL_MAX_AXES];
  int64_t dilation[SPECTRAL_MAX_AXES];
  /* Default 0; for SPECTRAL_PADDING_SIDES. */
  int64_t padding_before[SPECTRAL_MAX_AXES];
  int64_t padding_after[SPECTRAL_MAX_AXES];
  /* Default SPECTRAL_PADDING_SIDES, SPECTRAL_CORRELATION, SPECTRAL_BOUNDARY_ZERO. */
  int32_t padding;
  int32_t operation;
  int32_t boundary;
  /* Default SPECTRAL_AUTOMATIC, SPECTRAL_TRANSFORMS_FASTEST, SPECTRAL_ESTIMATE. */
  int32_t method;
  int32_t transforms;
  int32_t planning;
  double boundary_value;
  /* The only way that may be taken, by its name, e.g. "direct.window" or "fft.tiles" (`spectral benchmark --solvers`
   * lists them); then `method` and `planning` are not read. NULL (default) for any. */
  const char *solver;
  /* The most bytes of working memory that a pass may take beside its arrays; 0 (default) for what the machine has. What
   * cannot be computed within it is refused with the least limit that would do. */
  int64_t memory_limit;
} spectral_plan_options;

spectral_status spectral_plan_defaults(spectral_plan_options *options);

typedef struct spectral_plan spectral_plan;

/* Makes a plan, and checks that its forward pass keeps the memory limit. */
spectral_status spectral_plan_create(const spectral_plan_options *options, spectral_plan **plan);
spectral_status spectral_plan_free(spectral_plan *plan);

/* The sizes of a plan's output along its axes: `sizes` has room for SPECTRAL_MAX_AXES numbers, of which those beyond
 * the axes become 1. */
spectral_status spectral_plan_output_sizes(const spectral_plan *plan, int64_t *sizes);

/* The bytes of working memory that a pass takes beside its arrays: SPECTRAL_FORWARD and so on, or SPECTRAL_STEP for
 * spectral_record and spectral_gradients together, the tape included. */
spectral_status spectral_plan_memory(const spectral_plan *plan, int32_t pass, int64_t *bytes);

/* How a pass is computed, e.g. "direct.matrix" or "fft 32 x 30", as text that ends with 0, cut off where it does not
 * fit into `capacity` bytes. */
spectral_status spectral_plan_describe(const spectral_plan *plan, int32_t pass, char *text, size_t capacity);

/* The arrays of a plan, with K... the sizes of a filter and M... those of an output, one for each axis:
 *   input            [N, C, input...]
 *   filter           [O, C / groups, K...]
 *   output, gradient [N, O, M...]
 *   bias             [O] */

/* The forward pass: output = activation(input * filter + bias). `bias` may be NULL. */
spectral_status spectral_forward(
    const spectral_plan *plan, const spectral_array *input, const spectral_array *filter, const spectral_array *bias,
    int32_t activation, const spectral_array *output);

/* The gradient by the input: input_gradient [N, C, input...] from the gradient by the output.
 *
 * The same is the transposed convolution: the plan is that of the convolution whose adjoint is wanted, so its `input`
 * is the size of the transposed one's output; then `bias`, [C], and the activation are its own. Otherwise they are
 * NULL and SPECTRAL_ACTIVATION_NONE. The gradients of a transposed convolution are spectral_forward, by its input, and
 * spectral_filter_gradient with its input as `gradient` and its output's gradient as `input`. */
spectral_status spectral_input_gradient(
    const spectral_plan *plan, const spectral_array *gradient, const spectral_array *filter, const spectral_array *bias,
    int32_t activation, const spectral_array *input_gradient);

/* The gradient by the filters: filter_gradient [O, C / groups, K...]. */
spectral_status spectral_filter_gradient(
    const spectral_plan *plan, const spectral_array *gradient, const spectral_array *input,
    const spectral_array *filter_gradient);

/* The gradient by the bias: the sum of `gradient` over all but its second axis. For any array of at least two axes. */
spectral_status spectral_bias_gradient(const spectral_array *gradient, const spectral_array *bias_gradient);

/* Filters that are used again and again, as in inference: a copy of an array [O, C / groups, K...]. What a plan makes
 * of them (spectra, packed filters) it keeps until they are freed. One handle serves any number of plans. */
typedef struct spectral_filters spectral_filters;

spectral_status spectral_filters_create(const spectral_array *filter, spectral_filters **filters);
spectral_status spectral_filters_free(spectral_filters *filters);

/* spectral_forward with such filters. The first run of a plan prepares them. */
spectral_status spectral_forward_prepared(
    const spectral_plan *plan, const spectral_array *input, const spectral_filters *filters,
    const spectral_array *bias, int32_t activation, const spectral_array *output);

/* A training step: the forward pass keeps on a *tape* what the backward passes use again, such as spectra.
 *
 * The tape refers to dense input and filter arrays where they are: they must stay as they are until the tape is
 * freed. */
typedef struct spectral_tape spectral_tape;

spectral_status spectral_record(
    const spectral_plan *plan, const spectral_array *input, const spectral_array *filter, const spectral_array *bias,
    int32_t activation, const spectral_array *output, spectral_tape **tape);

/* The gradients of a recorded step, as often as wanted. `gradient` is that by the output before its activation: where
 * an activation was taken, the caller multiplies by its derivative first. `input_gradient` or `filter_gradient` may
 * be NULL if it is not wanted; not both. */
spectral_status spectral_gradients(
    const spectral_tape *tape, const spectral_array *gradient, const spectral_array *input_gradient,
    const spectral_array *filter_gradient);
spectral_status spectral_tape_free(spectral_tape *tape);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Single arrays, as NumPy and SciPy have them                                                                       */

enum {
  /* Every place where array and kernel overlap: n + k - 1. */
  SPECTRAL_MODE_FULL = 0,
  /* n: the window of output i begins at element i - k / 2 - origin (halves rounded down). With origin 0 this is the
   * centre of the full result, as scipy.signal has it. */
  SPECTRAL_MODE_SAME = 1,
  /* The places where the kernel lies inside the array: n - k + 1. */
  SPECTRAL_MODE_VALID = 2,
  /* padding_before and padding_after: n + before + after - k + 1. */
  SPECTRAL_MODE_SIDES = 3
};

typedef struct spectral_convolve_options {
  /* sizeof(spectral_convolve_options). */
  uint64_t struct_size;
  /* How many axes are convolved, the last ones, 1 to 3; those before are a batch. 0 (default): those of the kernel. */
  int32_t axes;
  /* Default SPECTRAL_CONVOLUTION, SPECTRAL_MODE_FULL, SPECTRAL_BOUNDARY_ZERO. */
  int32_t operation;
  int32_t mode;
  int32_t boundary;
  /* Default SPECTRAL_AUTOMATIC, SPECTRAL_TRANSFORMS_FASTEST. */
  int32_t method;
  int32_t transforms;
  double boundary_value;
  /* Default 0; for SPECTRAL_MODE_SAME, from -(k / 2) to (k - 1) / 2: positive ones move windows towards the
   * beginning. */
  int64_t origin[SPECTRAL_MAX_AXES];
  /* Default 0; for SPECTRAL_MODE_SIDES. */
  int64_t padding_before[SPECTRAL_MAX_AXES];
  int64_t padding_after[SPECTRAL_MAX_AXES];
  /* As in spectral_plan_options. */
  const char *solver;
  int64_t memory_limit;
} spectral_convolve_options;

spectral_status spectral_convolve_defaults(spectral_convolve_options *options);

/* Convolves (or correlates) arrays with a kernel.
 *
 * `array` is [batch..., n...]. `kernel` is [k...], or [batch..., k...] with a kernel of its own for each array; batch
 * axes of 1 in the kernel repeat. `result` is [batch..., m...].
 *
 * All are of one precision. Array and kernel may be complex, one of them or both, and then the result is; nothing is
 * conjugated. `options` may be NULL for the defaults. Plans are kept, so a repeated shape is not planned again. */
spectral_status spectral_convolve(
    const spectral_convolve_options *options, const spectral_array *array, const spectral_array *kernel,
    const spectral_array *result);

/* The sizes of the result, as many as the array's rank: `sizes` has room for SPECTRAL_MAX_RANK numbers. Data pointers
 * are not read. */
spectral_status spectral_convolve_sizes(
    const spectral_convolve_options *options, const spectral_array *array, const spectral_array *kernel, int64_t
    *sizes);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Filters by frequency                                                                                              */

enum {
  /* As far as the filter reaches. */
  SPECTRAL_PAD_AUTOMATIC = -1,
  /* Half the array on every side. */
  SPECTRAL_PAD_FULL = -2
};

typedef struct spectral_frequency_options {
  /* sizeof(spectral_frequency_options). */
  uint64_t struct_size;
  /* SPECTRAL_FLOAT32 (default) or SPECTRAL_FLOAT64. */
  int32_t dtype;
  /* The axes of an array, 1 for signals to 3 for volumes; default 2. */
  int32_t axes;
  /* Its elements along each of them; no default. */
  int64_t sizes[SPECTRAL_MAX_AXES];
  /* Default SPECTRAL_BOUNDARY_REFLECT. */
  int32_t boundary;
  int32_t reserved;
  double boundary_value;
  /* SPECTRAL_PAD_AUTOMATIC (default), SPECTRAL_PAD_FULL, or elements added on every side. */
  int64_t padding;
  /* The most bytes of working memory; 0 (default) for what the machine has. */
  int64_t memory_limit;
} spectral_frequency_options;

spectral_status spectral_frequency_defaults(spectral_frequency_options *options);

typedef struct spectral_frequency_filter spectral_frequency_filter;

/* A filter for arrays of one size. `expression` is a line of filters as `spectral filter` takes them, applied one
 * after the other: "--lowpass gaussian:0.08 --notch gaussian:0.25,0.1,0.02"; the dashes may be left out. The names
 * are lowpass, highpass, bandpass, bandstop, notch, directional, unsharp, high-boost, laplacian (which takes no
 * argument) and, for images, homomorphic. Frequencies are in cycles per element; Nyquist is 0.5. */
spectral_status spectral_frequency_filter_create(
    const spectral_frequency_options *options, const char *expression, spectral_frequency_filter **filter);
spectral_status spectral_frequency_filter_free(spectral_frequency_filter *filter);

/* Filters arrays [..., sizes...]; the result has the same sizes. */
spectral_status spectral_frequency_filter_apply(
    const spectral_frequency_filter *filter, const spectral_array *array, const spectral_array *result);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Restoration of blurred images                                                                                     */

/* Hears how far the work is, from 0 to 1; any number but 0 stops it. */
typedef int32_t (*spectral_progress)(double fraction, void *context);

enum {
  /* Found in each image. */
  SPECTRAL_NOISE_ESTIMATED = 0,
  /* Its standard deviation, in the units of pixels. */
  SPECTRAL_NOISE_DEVIATION = 1,
  /* The power of the noise divided by that of the scene, the same at all frequencies. */
  SPECTRAL_NOISE_RATIO = 2
};

typedef struct spectral_wiener_options {
  /* sizeof(spectral_wiener_options). */
  uint64_t struct_size;
  /* Default SPECTRAL_NOISE_ESTIMATED. */
  int32_t noise_kind;
  /* Default SPECTRAL_BOUNDARY_REFLECT. */
  int32_t boundary;
  double noise;
  double boundary_value;
  /* The most steps that are taken to find what lies beyond the border; default 300, 0 for none. */
  int64_t border_steps;
  int64_t memory_limit;
  /* May be NULL, the default. */
  spectral_progress progress;
  void *progress_context;
} spectral_wiener_options;

spectral_status spectral_wiener_defaults(spectral_wiener_options *options);

/* Wiener's filter: undoes the blur that `point_spread`, [kH, kW], has made of images [..., H, W], its centre at [kH /
 * 2, kW / 2]. The point-spread function is scaled to sum 1. `options` may be NULL. */
spectral_status spectral_wiener(
    const spectral_wiener_options *options, const spectral_array *images, const spectral_array *point_spread,
    const spectral_array *result);

typedef struct spectral_richardson_lucy_options {
  /* sizeof(spectral_richardson_lucy_options). */
  uint64_t struct_size;
  /* Default 30. */
  int64_t iterations;
  /* The deviation of the noise, in the units of pixels; 0 (default) for no damping. */
  double damping;
  /* Default SPECTRAL_BOUNDARY_REFLECT; zero says that it is dark beyond the border, all others but circular that
   * nothing is known about it. */
  int32_t boundary;
  int32_t reserved;
  int64_t memory_limit;
  /* May be NULL, the default. */
  spectral_progress progress;
  void *progress_context;
} spectral_richardson_lucy_options;

spectral_status spectral_richardson_lucy_defaults(spectral_richardson_lucy_options *options);

/* Richardson and Lucy's method: the most likely image for counts of light; no pixel gets below zero. Arrays as those of
 * spectral_wiener. */
spectral_status spectral_richardson_lucy(
    const spectral_richardson_lucy_options *options, const spectral_array *images, const spectral_array *point_spread,
    const spectral_array *result);

#ifdef __cplusplus
}
#endif

#endif
