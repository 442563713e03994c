#!/bin/sh
# Installs what Scripts/link-for-install.sh has linked, or removes it again.
#
#     Scripts/install.sh install|uninstall PREFIX [FOLDER]    (FOLDER: where it was linked, default .build/install)
#
# DESTDIR in the environment is put in front of every place, for whoever makes packages.
set -eu
cd "$(dirname "$0")/.."
action=$1
prefix=$2
folder=${3:-.build/install}
root=${DESTDIR:-}$prefix

fail() {
  echo "install: $1" >&2
  exit 1
}

case $prefix in
  /*) ;;
  *) fail "PREFIX must be an absolute path, not '$prefix': e.g. make install PREFIX=/usr/local" ;;
esac

interface=$(sed -n 's/^#define SPECTRAL_INTERFACE \([0-9][0-9]*\)$/\1/p' Sources/CSpectral/include/spectralkit.h)
if [ "$(uname -s)" = Darwin ]; then
  library=libspectralkit.$interface.dylib
  link=libspectralkit.dylib
else
  library=libspectralkit.so.$interface
  link=libspectralkit.so
fi

# Every file that is installed, from the prefix.
command=bin/spectral
header=include/spectralkit.h
package=lib/pkgconfig/spectralkit.pc
manual=share/man/man1/spectral.1
bash=share/bash-completion/completions/spectral
zsh=share/zsh/site-functions/_spectral
fish=share/fish/vendor_completions.d/spectral.fish

if [ "$action" = uninstall ]; then
  for file in $command lib/$library lib/$link $header $package $manual $bash $zsh $fish; do rm -f "$root/$file"; done
  exit 0
fi
[ "$action" = install ] || fail "'$action' is neither install nor uninstall"
[ -x "$folder/spectral" ] || fail "nothing was linked in $folder: run make install"

for file in $command lib/$library $header $package $manual $bash $zsh $fish; do mkdir -p "$(dirname "$root/$file")"; done
# A file in use keeps what it was: it is replaced, not written to.
put() {
  cp "$1" "$root/$2.new"
  chmod "$3" "$root/$2.new"
  mv -f "$root/$2.new" "$root/$2"
}
put "$folder/spectral" $command 755
put "$folder/$library" "lib/$library" 755
ln -sf "$library" "$root/lib/$link"
put Sources/CSpectral/include/spectralkit.h $header 644
version=$("$folder/spectral" --version)
version=${version#spectral }
cat > "$root/$package" <<END
prefix=$prefix
includedir=\${prefix}/include
libdir=\${prefix}/lib

Name: SpectralKit
Description: Convolution in space and by spectra
Version: $version
Libs: -L\${libdir} -lspectralkit
Cflags: -I\${includedir}
END
"$folder/spectral" help --man > "$root/$manual"
"$folder/spectral" help --completions bash > "$root/$bash"
"$folder/spectral" help --completions zsh > "$root/$zsh"
"$folder/spectral" help --completions fish > "$root/$fish"
[ "$(uname -s)" != Darwin ] || install_name_tool -id "$prefix/lib/$library" "$root/lib/$library"
echo "installed in $root" >&2
