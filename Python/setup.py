"""Reads the version from the Swift sources, the one place where it is written."""

import pathlib
import re

from setuptools import setup


def version() -> str:
    here = pathlib.Path(__file__).resolve().parent
    source = here.parent / "Sources" / "SpectralCore" / "Version.swift"
    if source.exists():
        return re.search(r'current = "([^"]+)"', source.read_text()).group(1)
    # A source distribution has no Swift beside it; its metadata carries the version.
    metadata = here / "PKG-INFO"
    if metadata.exists():
        return re.search(r"^Version: (.+)$", metadata.read_text(), re.MULTILINE).group(1)
    raise SystemExit(f"{source} is missing; build the package from a checkout of SpectralKit")


setup(version=version())
