#!/bin/sh
# Runs the tests that touch threads, raw memory and hostile files under the thread and the address sanitizer.
#
#     Scripts/sanitize.sh [thread|address]    (default: both)
#
# The C libraries are not instrumented: neither FFTW nor OpenBLAS, libpng nor libjpeg. What they do to our memory is
# seen only where they call the C library's own functions.
set -eu
cd "$(dirname "$0")/.."
which=${1:-both}

# Release, because numerical code is too slow without the optimiser, and more so under a sanitizer.
build() {
  swift build -c release --build-tests --sanitize="$1" --scratch-path ".build/$1"
  products=$(swift build -c release --sanitize="$1" --scratch-path ".build/$1" --show-bin-path)
}

# The tests of one sanitizer's build; the remaining arguments are what `env` sets for them.
run() {
  sanitizer=$1 filter=$2
  shift 2
  if [ "$(uname -s)" = Linux ]; then
    env "$@" "$products/SpectralKitPackageTests.xctest" --testing-library swift-testing --filter "$filter"
  else
    env "$@" swift test -c release --skip-build --sanitize="$sanitizer" --scratch-path ".build/$sanitizer" --filter "$filter"
  fi
}

if [ "$which" != address ]; then
  echo '== Thread sanitizer ==' >&2
  build thread
  preload=''
  if [ "$(uname -s)" = Linux ]; then
    # Without it, what a contended Mutex guards would be reported as a race: see the file.
    preload="$products/swift-mutex.so"
    clang -shared -fPIC -O1 -o "$preload" Scripts/sanitizers/mutex.c -ldl
  fi
  run thread 'ParallelTests|MemoryPoolTests|MatrixProductTests|BatchesTests|ConvolutionTests|LearnCallTests|PressureTests|RecipeTests|ThreadTests|TurnTests' \
    TSAN_OPTIONS="halt_on_error=0 exitcode=66 suppressions=$PWD/Scripts/sanitizers/thread.txt" LD_PRELOAD="$preload" \
    SPECTRAL_SANITIZER=thread
fi

if [ "$which" != thread ]; then
  echo '== Address sanitizer ==' >&2
  build address
  # Without the pool, every use of memory after its end is seen. Leaks are not looked for: the leak detector takes what
  # hangs on a tagged pointer in a Swift global for lost, and so reports tables that live as long as the process.
  run address 'CoreTests|CInterfaceTests|ImagingTests|DatasetsTests|LayersTests|ConvolutionTests|PlaygroundTests' \
    SPECTRALKIT_POOL_LIMIT=0 ASAN_OPTIONS=detect_leaks=0 SPECTRAL_SANITIZER=address
fi
