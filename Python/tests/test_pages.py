"""Runs what the pages show: their snippets, one after the other, and the rows of their tables."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

CHECKOUT = pathlib.Path(os.environ.get("SPECTRALKIT_CHECKOUT", pathlib.Path(__file__).resolve().parents[2]))
CATALOG = "Docs/SpectralKit.docc/"
PAGES = [CATALOG + "Python.md", CATALOG + "ComingFrom.md", "Python/README.md", "README.md"]
NEEDS_TORCH = re.compile(r"\btorch\b|\bst\.")

pytestmark = pytest.mark.skipif(not (CHECKOUT / CATALOG).is_dir(), reason="the pages are not here")


class Block(NamedTuple):
    language: str
    line: int
    text: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    opened: Block | None = None
    lines: list[str] = []
    for number, line in enumerate((CHECKOUT / page).read_text().splitlines(), 1):
        if not line.startswith("```"):
            lines.append(line)
        elif opened is None:
            opened, lines = Block(line[3:], number + 1, ""), []
        else:
            yield opened._replace(text="\n".join(lines) + "\n")
            opened = None


def rows(page: str) -> Iterator[tuple[int, str, str]]:
    """The rows of the tables of a page whose two cells are code, by their lines."""
    for number, line in enumerate((CHECKOUT / page).read_text().splitlines(), 1):
        found = re.fullmatch(r"\| `([^`]+\(.*)` \| `([^`]+\(.*)` \|", line)
        if found:
            yield number, found[1], found[2]


def run(page: str, with_torch: bool) -> tuple[dict[str, Any], int]:
    """Runs the snippets of a page as one program, and checks what they print; gives their names and their number."""
    names: dict[str, Any] = {}
    printed, ran, count = "", False, 0
    for block in blocks(page):
        if block.language == "python":
            ran = with_torch or not NEEDS_TORCH.search(block.text)
            if not ran:
                continue
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                # The lines before are those of the page, so that errors name them.
                exec(compile("\n" * (block.line - 1) + block.text, str(CHECKOUT / page), "exec"), names)
            printed, count = output.getvalue(), count + 1
            continue
        if block.language == "output" and ran:
            assert printed == block.text, f"{page}:{block.line}"
        ran = False
    return names, count


@pytest.mark.parametrize("page", PAGES)
def test_snippets_run(page: str) -> None:
    _, count = run(page, with_torch=False)
    assert count


@pytest.mark.parametrize("page", PAGES[:2])
def test_snippets_for_pytorch_run(page: str) -> None:
    pytest.importorskip("torch")
    _, count = run(page, with_torch=True)
    assert count > sum(not NEEDS_TORCH.search(block.text) for block in blocks(page) if block.language == "python")


# ---------------------------------------------------------------------------------------------------------------------
# What one wrote there, and what one writes here


def centre(full: np.ndarray, shape: tuple[int, ...], taps: tuple[int, ...]) -> np.ndarray:
    """MATLAB's `same`: of the full result the part that begins at element ceil((K + 1) / 2), counted from 1."""
    return full[tuple(slice(k // 2, k // 2 + n) for n, k in zip(shape, taps))]


def correlation(x: np.ndarray, w: np.ndarray, border: str) -> np.ndarray:
    """MATLAB's `imfilter` with an odd number of taps."""
    padded = np.pad(x, [(k // 2, k // 2) for k in w.shape], border)
    return np.einsum("ijkl,kl->ij", np.lib.stride_tricks.sliding_window_view(padded, w.shape), w)


def gaussian(x: np.ndarray, sigma: float) -> np.ndarray:
    """MATLAB's `imgaussfilt`: of size 2 ceil(2 sigma) + 1, with the border replicated."""
    places = np.arange(-np.ceil(2 * sigma), np.ceil(2 * sigma) + 1)
    bell = np.exp(-(places**2) / (2 * sigma**2))
    return correlation(x, np.outer(bell, bell) / bell.sum() ** 2, "edge")


def wiener(x: np.ndarray, psf: np.ndarray, ratio: float) -> np.ndarray:
    """MATLAB's `deconvwnr`."""
    padded = np.zeros_like(x)
    padded[tuple(slice(k) for k in psf.shape)] = psf
    transfer = np.fft.fftn(np.roll(padded, [-(k // 2) for k in psf.shape], (0, 1)))
    return np.fft.ifftn(np.fft.fftn(x) * transfer.conj() / (np.abs(transfer) ** 2 + ratio)).real


# What MATLAB computes, by its documentation.
MATLAB = {
    "conv(x, w)": lambda n: np.convolve(n["x"], n["w"]),
    "conv(x, w, 'valid')": lambda n: np.convolve(n["x"], n["w"], "valid"),
    "conv(x, w, 'same')": lambda n: centre(np.convolve(n["x"], n["w"]), n["x"].shape, n["w"].shape),
    "conv2(image, kernel)": lambda n: correlation(
        np.pad(n["image"], [(k // 2, k // 2) for k in n["kernel"].shape]), n["kernel"][::-1, ::-1], "constant"
    ),
    "conv2(column, row, image)": lambda n: np.apply_along_axis(
        np.convolve, 0, np.apply_along_axis(np.convolve, 1, n["image"], n["row"]), n["column"]
    ),
    "filter2(kernel, image)": lambda n: correlation(n["image"], n["kernel"], "constant"),
    "imfilter(image, kernel)": lambda n: correlation(n["image"], n["kernel"], "constant"),
    "imfilter(image, kernel, 'replicate', 'conv')": lambda n: correlation(n["image"], n["kernel"][::-1, ::-1], "edge"),
    "imfilter(image, kernel, 'symmetric')": lambda n: correlation(n["image"], n["kernel"], "symmetric"),
    "imgaussfilt(image, 2)": lambda n: gaussian(n["image"], 2),
    "deconvwnr(image, psf, 0.01)": lambda n: wiener(n["image"], n["psf"], 0.01),
}


@pytest.mark.parametrize("peer", ["scipy", "torch", "skimage", "cv2", "MATLAB"])
def test_rows_compute_the_same_on_both_sides(peer: str) -> None:
    page = CATALOG + "ComingFrom.md"
    if peer != "MATLAB":
        pytest.importorskip(peer)
    names, _ = run(page, with_torch=peer == "torch")
    for package in ("scipy.signal", "scipy.ndimage", "skimage.restoration", "skimage.filters", "cv2"):
        root = package.split(".")[0]
        if root == peer:
            names[root] = importlib.import_module(root)
            importlib.import_module(package)
    count = 0
    for line, theirs, ours in rows(page):
        mine = {"torch": r"F\.|torch\.", "MATLAB": r"conv|filter2|im"}.get(peer, rf".*\b{peer}\.")
        if not re.match(mine, theirs) or (peer == "MATLAB") != (theirs in MATLAB):
            continue
        expected = MATLAB[theirs](names) if peer == "MATLAB" else eval(theirs, names)
        actual = np.asarray(eval(ours, names))
        expected = np.asarray(expected)
        assert actual.shape == expected.shape, f"{page}:{line}"
        tolerance = 1e-5 if expected.dtype == np.float32 else 1e-9
        assert np.abs(actual - expected).max() <= tolerance * np.abs(expected).max(), f"{page}:{line}"
        count += 1
    assert count >= 5


def test_every_row_is_of_a_peer() -> None:
    for line, theirs, _ in rows(CATALOG + "ComingFrom.md"):
        known = theirs in MATLAB or re.match(r"F\.|torch\.|.*\b(scipy|skimage|cv2)\.", theirs)
        assert known, f"ComingFrom.md:{line}: {theirs}"
    assert {theirs for _, theirs, _ in rows(CATALOG + "ComingFrom.md")} >= MATLAB.keys()


def test_matlabs_own_example_of_conv() -> None:
    """From MATLAB's documentation of `conv`: the central part begins at element 3 of 10."""
    full = np.convolve([-1, 2, 3, -2, 0, 1, 2], [2, 4, -1, 1])
    assert full.tolist() == [-2, 0, 15, 5, -9, 7, 6, 7, -1, 2]
    assert centre(full, (7,), (4,)).tolist() == [15, 5, -9, 7, 6, 7, -1]
