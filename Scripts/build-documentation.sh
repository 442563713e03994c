#!/bin/sh
# Builds the documentation with the toolchain's docc: the catalog in Docs/, and the public symbols of every room, which
# SpectralKit re-exports. A warning of docc, such as a link that leads nowhere, is an error.
#
#     Scripts/build-documentation.sh [OUTPUT]    (default: Docs/build)
set -eu
cd "$(dirname "$0")/.."
output=${1:-Docs/build}

docc=docc
command -v docc >/dev/null 2>&1 || docc="$(dirname "$(readlink -f "$(command -v swift)")")/docc"
extract=swift-symbolgraph-extract
sdk=''
if [ "$(uname -s)" = Darwin ]; then
  docc="$(xcrun --find docc)"
  extract='xcrun swift-symbolgraph-extract'
  sdk="-sdk $(xcrun --show-sdk-path)"
fi

swift build -c release
products=$(swift build -c release --show-bin-path)
triple=$(swift -print-target-info | sed -n 's/^ *"triple": *"\([^"]*\)".*/\1/p' | head -n 1)
rooms=$(sed -n 's/^@_exported import \([A-Za-z]*\).*/\1/p' Sources/SpectralKit/SpectralKit.swift | paste -sd, -)

clang=''
for map in Sources/*/module.modulemap "$products"/*.build/module.modulemap; do
  clang="$clang -Xcc -fmodule-map-file=$map"
done
for package in fftw3f fftw3 openblas libpng libjpeg zlib; do
  clang="$clang $(pkg-config --cflags-only-I "$package" 2>/dev/null || true)"
done

graphs="$products/symbol-graphs"
rm -rf "$graphs" "$output"
mkdir -p "$graphs" "$(dirname "$output")"
# SwiftPM's own dump-symbol-graph makes a graph for each module; only the extractor can gather them under one name.
# shellcheck disable=SC2086
$extract -module-name SpectralKit -target "$triple" $sdk -I "$products/Modules" $clang \
  -experimental-allowed-reexported-modules="$rooms" -minimum-access-level public -skip-synthesized-members \
  -output-dir "$graphs"

"$docc" convert Docs/SpectralKit.docc --additional-symbol-graph-dir "$graphs" --output-path "$output" \
  --fallback-display-name SpectralKit --fallback-bundle-identifier SpectralKit --warnings-as-errors
echo "The documentation is in $output." >&2
