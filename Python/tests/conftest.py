"""Lets a checkout be tested without an installation."""

import pathlib
import sys

try:
    import spectralkit  # noqa: F401
except ModuleNotFoundError:
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "src"))
