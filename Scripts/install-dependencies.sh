#!/bin/sh
# Installs the C libraries that SpectralKit stands on, those that are missing: by apt on Debian and Ubuntu, by Homebrew
# on macOS. Where all are there it says and does nothing.
set -eu

# pkg-config's name, Debian's package, Homebrew's formula (- for what macOS has itself).
libraries='
fftw3f         libfftw3-dev       fftw
fftw3          libfftw3-dev       fftw
openblas       libopenblas-dev    -
libmicrohttpd  libmicrohttpd-dev  libmicrohttpd
libpng         libpng-dev         libpng
libjpeg        libjpeg-dev        jpeg-turbo
zlib           zlib1g-dev         zlib
'
# With MPI (make mpi), the headers and mpirun.
if [ -n "${SPECTRALKIT_MPI:-}" ]; then
  libraries="$libraries
ompi-c         libopenmpi-dev     open-mpi
"
fi

fail() {
  echo "install-dependencies: $1" >&2
  exit 1
}

# The packages of the libraries that pkg-config does not find; $1 is the column that names them.
missing() {
  command -v pkg-config >/dev/null 2>&1 || { [ "$1" = 2 ] && echo pkg-config || echo pkgconf; }
  if [ -n "${SPECTRALKIT_MPI:-}" ] && ! command -v mpirun >/dev/null 2>&1; then
    [ "$1" = 2 ] && echo openmpi-bin || echo open-mpi
  fi
  echo "$libraries" | while read -r name apt brew; do
    [ -n "$name" ] || continue
    if [ "$1" = 2 ]; then package=$apt; else package=$brew; fi
    [ "$package" = - ] || pkg-config --exists "$name" 2>/dev/null || echo "$package"
  done
}

list() { missing "$1" | sort -u | tr '\n' ' ' | sed 's/ $//'; }

case $(uname -s) in
  Darwin)
    packages=$(list 3)
    [ -n "$packages" ] || exit 0
    command -v brew >/dev/null 2>&1 ||
      fail "$packages must be installed, and Homebrew is not there to do it: install it from https://brew.sh, then try again"
    echo "Installing what is missing with Homebrew: $packages" >&2
    # shellcheck disable=SC2086  # one word for each package
    brew install $packages >&2
    left=$(list 3)
    ;;
  *)
    packages=$(list 2)
    [ -n "$packages" ] || exit 0
    command -v apt-get >/dev/null 2>&1 ||
      fail "install the development packages of FFTW (single and double precision), OpenBLAS, libmicrohttpd, libpng, libjpeg and zlib${SPECTRALKIT_MPI:+, Open MPI}, and pkg-config; on Debian they are: $packages"
    if [ "$(id -u)" = 0 ]; then
      as_root=''
    elif command -v sudo >/dev/null 2>&1; then
      as_root=sudo
    else
      fail "as root, run: apt-get update && apt-get install -y $packages"
    fi
    echo "Installing what is missing with apt: $packages" >&2
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >&2
    left=$(list 2)
    ;;
esac
[ -z "$left" ] || fail "still missing after the installation: $left; is another pkg-config first in PATH?"
