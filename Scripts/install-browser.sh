#!/bin/sh
# Installs Debian's Chromium, in which the tests drive the playground's page. Where it is there, it does nothing. Where it
# cannot be installed the tests of the page are skipped by name, which continuous integration (CI=true) does not accept.
set -eu

for name in chromium chromium-browser google-chrome; do
  if [ -x "/usr/bin/$name" ]; then exit 0; fi
done
if [ -n "${SPECTRAL_CHROMIUM:-}" ] && [ -x "$SPECTRAL_CHROMIUM" ]; then exit 0; fi

give_up() {
  echo "install-browser: $1; the tests of the playground's page will be skipped" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  exit 0
}

command -v apt-get >/dev/null 2>&1 || give_up 'there is no apt-get to install Chromium with'
[ "$(id -u)" = 0 ] || give_up 'installing Chromium takes root'
echo 'Installing with apt-get: chromium' >&2
# Fonts are only recommended by the package, and without any the page has no letters.
{ DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >&2 ||
  give_up 'Chromium could not be installed'
