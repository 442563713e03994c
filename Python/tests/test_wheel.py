"""The installed wheel: it brings what it needs, and computes where neither the toolchain nor a library is found."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest

import spectralkit

PACKAGE = pathlib.Path(spectralkit.__file__).resolve().parent

pytestmark = [
    pytest.mark.skipif(not (PACKAGE / "lib").is_dir(), reason="the package is no installed wheel, but a checkout"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="wheels are for Linux"),
]

PROGRAM = textwrap.dedent(
    """
    import numpy as np
    import spectralkit
    from spectralkit import filters, nn, signal

    x = np.arange(40_000.0).reshape(200, 200)
    w = np.ones((31, 31))
    assert np.allclose(signal.convolve(x, w, "valid", "fft"), signal.convolve(x, w, "valid", "direct"))
    assert nn.conv2d(x[None, None], w[None, None]).shape == (1, 1, 170, 170)
    assert np.allclose(filters.apply(np.ones((32, 32)), "lowpass gaussian:0.1"), 1)
    print("computed by", spectralkit.__version__)
    print(*sorted({line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if ".so" in line}), sep="\\n")
    """
)


def run(command: list[str], folder: pathlib.Path) -> list[str]:
    # No variable by which the loader or Python would find anything else.
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    first, *libraries = done.stdout.splitlines()
    assert first == f"computed by {spectralkit.__version__}"
    return libraries


def test_it_loads_no_library_but_its_own_and_those_of_every_system(tmp_path: pathlib.Path) -> None:
    libraries = run([sys.executable, "-c", PROGRAM], tmp_path)
    assert any("libspectralkit" in path for path in libraries) and any("libfftw3" in path for path in libraries)
    places = (str(PACKAGE.parent), sys.base_prefix, os.path.realpath(sys.base_prefix))
    # Of the system: what the tag manylinux promises, and modules of its Python.
    system = re.compile(
        r"(ld-linux|lib(c|m|dl|rt|pthread|util|gcc_s|stdc\+\+|z|ffi|expat|bz2|lzma|crypto)(-[\d.]+)?\.so)"
    )
    others = [
        path
        for path in libraries
        if not path.startswith(places) and not system.match(os.path.basename(path)) and "/python3" not in path
    ]
    assert not others, f"from outside the wheel: {others}"


def test_it_computes_where_toolchain_and_checkout_are_hidden(tmp_path: pathlib.Path) -> None:
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("hiding folders takes root and unshare")
    checkout = os.environ.get("SPECTRALKIT_CHECKOUT")
    hidden = [str(pathlib.Path(path).resolve().parents[1]) for path in which("swift")]
    libraries = pathlib.Path("/usr/lib").glob("*/lib*.so*")
    covered = [path for path in libraries if re.match(r"lib(fftw3|openblas|blas|png|jpeg|swift|Foundation)", path.name)]
    environment = pathlib.Path(sys.prefix)
    commands = [f"mount -t tmpfs none '{folder}' && [ -z \"$(ls -A '{folder}')\" ]" for folder in hidden]
    if checkout:
        # The environment may be inside of the checkout: it is kept in sight at another place, and put back.
        commands += [
            f"mkdir '{tmp_path}/kept' && mount --bind '{environment}' '{tmp_path}/kept'",
            f"mount -t tmpfs none '{checkout}'",
            f"mkdir -p '{environment}' && mount --bind '{tmp_path}/kept' '{environment}'",
        ]
    commands += [f"mount --bind /dev/null '{path}'" for path in covered]
    script = " && ".join(["mount --make-rprivate /", *commands, f"exec '{sys.executable}' -c \"$PROGRAM\""])
    command = ["env", f"PROGRAM={PROGRAM}", "unshare", "-m", "sh", "-c", script]
    libraries_used = run(command, tmp_path)
    assert libraries_used


def which(name: str) -> list[str]:
    """The places of a command, as PATH has them."""
    places = [pathlib.Path(folder) / name for folder in os.environ["PATH"].split(os.pathsep)]
    return [str(path) for path in places if path.exists()]
