/* Forks while other threads compute; every child must compute the same as its parent, and end. */
#include <pthread.h>
#include <spectralkit.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIDE = 200, TAPS = 31 };
static float image[SIDE * SIDE], kernel[TAPS * TAPS];
static atomic_int done;

static int blur(float *result) {
  int64_t size[2] = {SIDE, SIDE}, taps[2] = {TAPS, TAPS};
  spectral_array x = spectral_dense(image, SPECTRAL_FLOAT32, 2, size);
  spectral_array k = spectral_dense(kernel, SPECTRAL_FLOAT32, 2, taps);
  spectral_array y = spectral_dense(result, SPECTRAL_FLOAT32, 2, size);
  spectral_convolve_options options;
  spectral_convolve_defaults(&options);
  options.mode = SPECTRAL_MODE_SAME;
  options.method = SPECTRAL_FFT;
  return spectral_convolve(&options, &x, &k, &y);
}

static void *compute(void *result) {
  while (!done)
    if (blur(result)) exit(2);
  return NULL;
}

int main(void) {
  static float expected[SIDE * SIDE], results[3][SIDE * SIDE];
  for (int i = 0; i < SIDE * SIDE; i++) image[i] = (float)(i % 17);
  for (int i = 0; i < TAPS * TAPS; i++) kernel[i] = (float)(i % 5);
  spectral_set_threads(4);
  if (blur(expected)) return puts(spectral_message());
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, compute, results[i]);
  for (int child = 0; child < 20; child++) {
    pid_t process = fork();
    if (process == 0) {
      alarm(60);
      if (blur(results[2])) _exit(3);
      _exit(memcmp(results[2], expected, sizeof expected) != 0);
    }
    int status;
    if (waitpid(process, &status, 0) != process || status != 0) return printf("child %d: %x\n", child, status);
  }
  done = 1;
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  puts("the children computed the same");
  return 0;
}
