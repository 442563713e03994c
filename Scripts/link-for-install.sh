#!/bin/sh
# Links what `make install` installs, the library for C and the command, from the objects of a release build: so nothing
# is compiled a second time.
#
#     Scripts/link-for-install.sh [PRODUCTS] [FOLDER]    (default: .build/release .build/install)
#
# On Linux both contain the Swift runtime, and of the library only what spectralkit.h declares can be seen from outside. On
# macOS the runtime is part of the system.
set -eu
cd "$(dirname "$0")/.."
products=${1:-.build/release}
folder=${2:-.build/install}

fail() {
  echo "link-for-install: $1" >&2
  exit 1
}

interface=$(sed -n 's/^#define SPECTRAL_INTERFACE \([0-9][0-9]*\)$/\1/p' Sources/CSpectral/include/spectralkit.h)
[ -n "$interface" ] || fail 'spectralkit.h does not say SPECTRAL_INTERFACE'
[ -x "$products/spectral" ] || fail "there is no command in $products: run make build first"
mkdir -p "$folder"

if [ "$(uname -s)" = Darwin ]; then
  cp "$products/spectral" "$folder/spectral"
  cp "$products/libspectralkit.dylib" "$folder/libspectralkit.$interface.dylib"
  exit 0
fi

# What the objects were linked from, by SwiftPM's own lists.
for product in spectral spectralkit; do
  [ -f "$products/$product.product/Objects.LinkFileList" ] ||
    fail "$products/$product.product lists no objects: run make build first"
done
libraries() { pkg-config --libs "$@"; }
# Foundation's own archives, in whatever order they need each other: lld looks into all of them.
runtime='-use-ld=lld -static-stdlib -lFoundationEssentials -l_FoundationICU -l_FoundationCShims -l_FoundationCollections
  -lCoreFoundation -lBlocksRuntime'
tidy='-Xlinker --gc-sections -Xlinker --strip-all'

exports=$folder/exports
echo '{ global: spectral_*; local: *; };' > "$exports"
# shellcheck disable=SC2046,SC2086  # lists of words
swiftc -emit-library -o "$folder/libspectralkit.so.$interface" "@$products/spectralkit.product/Objects.LinkFileList" \
  $(libraries fftw3f fftw3 libpng libjpeg zlib) $runtime $tidy -Xlinker --version-script="$exports" \
  -Xlinker -soname="libspectralkit.so.$interface" -Xlinker -z -Xlinker defs
rm "$exports"
# shellcheck disable=SC2046,SC2086
swiftc -emit-executable -o "$folder/spectral" "@$products/spectral.product/Objects.LinkFileList" \
  $(libraries fftw3f fftw3 openblas libpng libjpeg zlib libmicrohttpd) $runtime $tidy \
  -Xlinker --defsym=main=spectral_main
