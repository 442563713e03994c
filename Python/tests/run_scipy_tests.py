"""Runs SciPy's own tests with SpectralKit's functions in the place of SciPy's.

    python Python/tests/run_scipy_tests.py [PYTEST ARGUMENTS]

The tests of `scipy.signal` and `scipy.ndimage` must be installed with SciPy; they need `hypothesis`. Tests that cannot
pass are listed in EXCLUDED with the reason.
"""

from __future__ import annotations

import importlib
import importlib.util
import pathlib
import re
import sys
from typing import Any

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "src"))

SIGNAL = ["convolve", "correlate", "fftconvolve", "oaconvolve", "convolve2d", "correlate2d"]
NDIMAGE = [
    "convolve",
    "correlate",
    "convolve1d",
    "correlate1d",
    "gaussian_filter",
    "gaussian_filter1d",
    "uniform_filter",
    "uniform_filter1d",
]

# Where SciPy tests the functions above: a pattern of test names, by module.
SELECTED = {
    "scipy.signal.tests.test_signaltools": re.compile(
        r"::(TestConvolve|TestConvolve2d|TestFFTConvolve|TestOAConvolve|TestAllFreqConvolves|TestCorrelateReal"
        r"|TestCorrelate|TestCorrelateComplex|TestCorrelate2d|test_convolve_longdtype_input)\b"
    ),
    "scipy.ndimage.tests.test_filters": re.compile(
        r"correlate|convolve|gauss|uniform|test_(filter_axes|filter_weights|filter_invalid|filter_tuple|valid_origins"
        r"|multiple_modes\b|multiple_modes_sequentially|ticket_701|gh_5430|orders_gauss)"
        r"|TestNdimageFilters::test_extend"
    ),
}

# Tests that cannot pass, by a pattern of their names, and why.
EXCLUDED = {
    r"test_convolve_longdtype_input": "long double arrays are refused",
}


class Substitution:
    """A pytest plug-in that puts our functions in the place of SciPy's once the tests are collected."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.excluded: dict[str, str] = {}

    def _counted(self, name: str, function: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self.calls[name] = self.calls.get(name, 0) + 1
            return function(*arguments, **options)

        call.__name__ = function.__name__
        return call

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        ours: dict[int, Any] = {}
        originals = []
        for package, names in (("signal", SIGNAL), ("ndimage", NDIMAGE)):
            theirs = importlib.import_module("scipy." + package)
            mine = importlib.import_module("spectralkit." + package)
            for name in names:
                original = getattr(theirs, name)
                originals.append(original)
                ours[id(original)] = self._counted(f"{package}.{name}", getattr(mine, name))
                setattr(theirs, name, ours[id(original)])
        kept = []
        for item in items:
            if not any(pattern.search(item.nodeid) for pattern in SELECTED.values() if self._is_of(item, pattern)):
                continue
            reason = next((why for name, why in EXCLUDED.items() if re.search(name, item.nodeid)), None)
            if reason:
                self.excluded[item.nodeid.split("::", 1)[1]] = reason
                continue
            module = item.module  # type: ignore[attr-defined]
            for name, value in list(vars(module).items()):
                if id(value) in ours:
                    setattr(module, name, ours[id(value)])
            callspec = getattr(item, "callspec", None)
            if callspec:
                for name, value in callspec.params.items():
                    if id(value) in ours:
                        callspec.params[name] = ours[id(value)]
            kept.append(item)
        items[:] = kept

    def _is_of(self, item: pytest.Item, pattern: re.Pattern[str]) -> bool:
        return SELECTED.get(item.module.__name__) is pattern  # type: ignore[attr-defined]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or (report.when == "setup" and report.outcome == "skipped"):
            self.counts[report.outcome] = self.counts.get(report.outcome, 0) + 1


def missing() -> str | None:
    """Why SciPy's tests cannot run here."""
    for module in [*SELECTED, "hypothesis"]:
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            return f"{module} is not installed"
    return None


def run(arguments: list[str]) -> tuple[int, Substitution]:
    substitution = Substitution()
    status = pytest.main(
        ["--pyargs", *SELECTED, "-q", "-p", "no:cacheprovider", "-c", "/dev/null", *arguments], plugins=[substitution]
    )
    return int(status), substitution


def main() -> int:
    reason = missing()
    if reason:
        print(f"SciPy's tests were skipped: {reason}")
        return 0
    status, substitution = run(sys.argv[1:])
    print("\nCalls of SpectralKit's functions:")
    for name, count in sorted(substitution.calls.items()):
        print(f"  {name}: {count}")
    print("Excluded:")
    for name, why in sorted(substitution.excluded.items()):
        print(f"  {name}: {why}")
    print("Outcomes:", ", ".join(f"{count} {name}" for name, count in sorted(substitution.counts.items())))
    return status


if __name__ == "__main__":
    sys.exit(main())
