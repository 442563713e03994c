#!/bin/sh
# Installs the wheel of the Python package into a fresh virtual environment and runs the package's tests, and SciPy's
# own with our functions in the place of SciPy's.
#
#     Scripts/test-python.sh [PYTEST ARGUMENTS]
#
# The tests for PyTorch run in continuous integration (CI is set in the environment), and where PYTHON (default:
# python3) has PyTorch; elsewhere they are skipped, and pytest names them.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
environment=$root/.build/python-tests
wheel=$(ls Python/dist/*.whl 2>/dev/null) || {
  echo 'test-python: there is no wheel in Python/dist: run make python first' >&2
  exit 1
}

Scripts/python-environment.sh "$environment" "$wheel[test]"
if [ -n "${CI:-}" ]; then
  # A build for the CPU where pip is told of one by PIP_FIND_LINKS; that of PyPI brings gigabytes for graphics cards.
  "$environment/bin/pip" install --quiet --no-index --no-deps torch 2>/dev/null || true
  "$environment/bin/pip" install --quiet torch ||
    echo 'test-python: PyTorch cannot be installed here, so its tests are skipped' >&2
elif torch=$("${PYTHON:-python3}" -c 'import os, torch; print(os.path.dirname(torch.__path__[0]))' 2>/dev/null); then
  # The one that is installed, behind the environment's own packages.
  echo "$torch" > "$(echo "$environment"/lib/python*/site-packages)/installed-torch.pth"
fi

# Away from the checkout, so that nothing but the wheel can be imported.
tests=$(mktemp -d)
trap 'rm -rf "$tests"' EXIT
cp Python/pyproject.toml "$tests"
cp -R Python/tests "$tests"
cd "$tests"
unset SPECTRALKIT_LIBRARY PYTHONPATH
export SPECTRALKIT_CHECKOUT="$root"
"$environment/bin/python" -m pytest -q "$@"
"$environment/bin/python" tests/run_scipy_tests.py
