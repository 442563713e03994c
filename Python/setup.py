"""Reads the version from the Swift sources, the one place where it is written, and names the wheel's platform."""

import pathlib
import re

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


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


class PlatformDistribution(Distribution):
    """The library is of one platform, though no module is compiled."""

    def has_ext_modules(self) -> bool:
        return True


class PlatformWheel(bdist_wheel):
    """ctypes finds the library from every Python of the platform."""

    def get_tag(self) -> tuple[str, str, str]:
        return ("py3", "none", super().get_tag()[2])


setup(version=version(), distclass=PlatformDistribution, cmdclass={"bdist_wheel": PlatformWheel})
