"""The package's annotations, and what a user's type checker sees of them."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

import pytest

import spectralkit

PACKAGE = pathlib.Path(spectralkit.__file__).resolve().parent


def check(*arguments: str | pathlib.Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_the_package_is_annotated_throughout(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("torch")
    # A copy, because mypy does not look closely at what is installed.
    copy = tmp_path / "spectralkit"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("lib", "__pycache__"))
    result = check("--cache-dir", tmp_path / "cache", copy)
    assert result.returncode == 0, result.stdout


def test_a_caller_is_checked(tmp_path: pathlib.Path) -> None:
    assert (PACKAGE / "py.typed").exists()
    program = tmp_path / "program.py"
    program.write_text(
        "import numpy as np\n"
        "from spectralkit import ndimage, nn, signal\n"
        'signal.convolve(np.ones(4), [1.0, 2.0], "same").sum()\n'
        'ndimage.gaussian_filter(np.ones((4, 4)), (1, 2), mode=["wrap", "mirror"])\n'
        'nn.conv1d(np.ones((1, 1, 9)), np.ones((1, 1, 3)), padding="same")\n'
    )
    result = check("--cache-dir", tmp_path / "cache", program)
    assert result.returncode == 0, result.stdout
    program.write_text('from spectralkit import signal\nsignal.convolve([1], [2], "middle")\n')
    result = check("--cache-dir", tmp_path / "cache", program)
    assert result.returncode == 1 and "program.py:2" in result.stdout and "middle" in result.stdout
