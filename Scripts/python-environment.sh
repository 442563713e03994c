#!/bin/sh
# Makes a fresh virtual environment with packages from PyPI.
#
#     Scripts/python-environment.sh FOLDER PACKAGE...
#
# PYTHON in the environment names the interpreter, python3 by default. On Debian and Ubuntu python3 and its module venv
# are installed where they are missing.
set -eu
python=${PYTHON:-python3}
folder=$1
shift

fail() {
  echo "python-environment: $1" >&2
  exit 1
}

install_with_apt() {
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; } || fail "$1"
  echo 'Installing python3 and python3-venv with apt' >&2
  DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >&2
}

if [ "$python" = python3 ] && ! command -v python3 >/dev/null 2>&1; then
  install_with_apt 'there is no python3: install Python 3.10 or newer, or set PYTHON'
fi
command -v "$python" >/dev/null 2>&1 || fail "there is no $python: install Python 3.10 or newer, or set PYTHON"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
  fail "$("$python" --version) is too old: install Python 3.10 or newer, or set PYTHON to one"
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  install_with_apt "$python has no module venv: install it, on Debian by apt-get install python3-venv"
fi
rm -rf "$folder"
"$python" -m venv "$folder"
[ $# = 0 ] || "$folder/bin/pip" install --quiet "$@" || fail "pip could not install $*; is the network reached?"
