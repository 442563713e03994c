"""Wrong arguments, threads, and processes that fork."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import spectralkit
from spectralkit import filters, ndimage, nn, restoration, signal

A = np.arange(12.0).reshape(3, 4)
V = np.arange(8.0)
X = np.ones((2, 4, 9))
W = np.ones((6, 4, 3))
IMAGE = np.ones((12, 10))

BAD = {
    # signal
    "convolve ranks": (lambda: signal.convolve(A, V), ValueError),
    "convolve scalar and array": (lambda: signal.convolve(1, V), ValueError),
    "convolve mode": (lambda: signal.convolve(V, V, "all"), ValueError),
    "convolve mode of another type": (lambda: signal.convolve(V, V, 2), ValueError),
    "convolve unhashable mode": (lambda: signal.convolve(V, V, []), ValueError),
    "convolve method": (lambda: signal.convolve(V, V, "full", "slow"), ValueError),
    "convolve text": (lambda: signal.convolve(["a"], ["b"]), TypeError),
    "convolve objects": (lambda: signal.convolve(V.astype(object), V), TypeError),
    "convolve long double": (lambda: signal.convolve(V.astype(np.longdouble), V), TypeError),
    "convolve dates": (lambda: signal.convolve(V.astype("M8[s]"), V.astype("m8[s]")), TypeError),
    "convolve empty": (lambda: signal.convolve([], V), ValueError),
    "convolve by empty": (lambda: signal.convolve(V, []), ValueError),
    "convolve valid": (lambda: signal.convolve(A, A.T, "valid"), ValueError),
    "convolve four axes": (lambda: signal.convolve(np.ones((2, 2, 2, 2)), np.ones((2, 2, 2, 2))), NotImplementedError),
    "correlate ranks": (lambda: signal.correlate(A, V), ValueError),
    "correlate mode": (lambda: signal.correlate(V, V, "all"), ValueError),
    "correlate method": (lambda: signal.correlate(V, V, "full", 1), ValueError),
    "correlate valid": (lambda: signal.correlate(A, A.T, "valid"), ValueError),
    "correlate objects": (lambda: signal.correlate(V.astype(object), V), TypeError),
    "correlate empty": (lambda: signal.correlate([], V), ValueError),
    "fftconvolve ranks": (lambda: signal.fftconvolve(A, V), ValueError),
    "fftconvolve mode": (lambda: signal.fftconvolve(V, V, "all"), ValueError),
    "fftconvolve axis": (lambda: signal.fftconvolve(A, A, axes=2), ValueError),
    "fftconvolve negative axis": (lambda: signal.fftconvolve(A, A, axes=-3), ValueError),
    "fftconvolve axes twice": (lambda: signal.fftconvolve(A, A, axes=(0, -2)), ValueError),
    "fftconvolve no axes": (lambda: signal.fftconvolve(A, A, axes=()), ValueError),
    "fftconvolve axes of fractions": (lambda: signal.fftconvolve(A, A, axes=[0.5]), ValueError),
    "fftconvolve axes of text": (lambda: signal.fftconvolve(A, A, axes="x"), ValueError),
    "fftconvolve batch": (lambda: signal.fftconvolve(A, A[:2], axes=1), ValueError),
    "fftconvolve valid": (lambda: signal.fftconvolve(A, A.T, "valid"), ValueError),
    "fftconvolve long double": (lambda: signal.fftconvolve(V.astype(np.clongdouble), V), TypeError),
    "oaconvolve ranks": (lambda: signal.oaconvolve(A, V), ValueError),
    "oaconvolve mode": (lambda: signal.oaconvolve(V, V, None), ValueError),
    "oaconvolve axis": (lambda: signal.oaconvolve(V, V, axes=1), ValueError),
    "convolve2d signals": (lambda: signal.convolve2d(V, V), ValueError),
    "convolve2d volumes": (lambda: signal.convolve2d(A[None], A[None]), ValueError),
    "convolve2d mode": (lambda: signal.convolve2d(A, A, 1), ValueError),
    "convolve2d boundary": (lambda: signal.convolve2d(A, A, "full", "reflect"), ValueError),
    "convolve2d unhashable boundary": (lambda: signal.convolve2d(A, A, "full", []), ValueError),
    "convolve2d fillvalue": (lambda: signal.convolve2d(A, A, fillvalue=1j), ValueError),
    "convolve2d fillvalues": (lambda: signal.convolve2d(A, A, fillvalue=[1, 2]), ValueError),
    "convolve2d no fillvalue": (lambda: signal.convolve2d(A, A, fillvalue=[]), ValueError),
    "convolve2d text": (lambda: signal.convolve2d(A, A, fillvalue="1"), ValueError),
    "correlate2d signals": (lambda: signal.correlate2d(V, V), ValueError),
    "correlate2d valid": (lambda: signal.correlate2d(A, A.T, "valid"), ValueError),
    "correlate2d objects": (lambda: signal.correlate2d(A.astype(object), A), TypeError),
    # ndimage
    "ndimage weights": (lambda: ndimage.correlate(A, V), RuntimeError),
    "ndimage empty weights": (lambda: ndimage.correlate(A, np.ones((0, 2))), RuntimeError),
    "ndimage mode": (lambda: ndimage.correlate(A, A, mode="odd"), RuntimeError),
    "ndimage modes": (lambda: ndimage.correlate(A, A, mode=["wrap", "wrap"]), RuntimeError),
    "ndimage origin": (lambda: ndimage.correlate(A, A, origin=3), ValueError),
    "ndimage origins": (lambda: ndimage.correlate(A, A, origin=[0, 0, 0]), RuntimeError),
    "ndimage origin of fractions": (lambda: ndimage.correlate(A, A, origin=0.5), TypeError),
    "ndimage axes": (lambda: ndimage.correlate(A, A, axes=(0, 2)), ValueError),
    "ndimage axes twice": (lambda: ndimage.correlate(A, A, axes=(0, 0)), ValueError),
    "ndimage axes of fractions": (lambda: ndimage.correlate(A, A, axes=(0.5, 1)), TypeError),
    "ndimage output shape": (lambda: ndimage.correlate(A, A, output=np.empty(3)), RuntimeError),
    "ndimage output type": (lambda: ndimage.correlate(A, A, output="U3"), RuntimeError),
    "ndimage objects": (lambda: ndimage.correlate(A.astype(object), A), RuntimeError),
    "ndimage complex cval": (lambda: ndimage.correlate(A, A, mode="constant", cval=1j), ValueError),
    "ndimage complex into real": (lambda: ndimage.correlate(A + 1j, A, output=np.empty((3, 4))), RuntimeError),
    "ndimage four axes": (lambda: ndimage.correlate(np.ones((3,) * 4), np.ones((2,) * 4)), NotImplementedError),
    "convolve1d weights": (lambda: ndimage.convolve1d(A, A), RuntimeError),
    "convolve1d no weights": (lambda: ndimage.convolve1d(A, []), RuntimeError),
    "correlate1d axis": (lambda: ndimage.correlate1d(A, V, axis=2), ValueError),
    "correlate1d origin": (lambda: ndimage.correlate1d(A, V, origin=-5), ValueError),
    "correlate1d cval": (lambda: ndimage.correlate1d(A, V, mode="constant", cval="x"), ValueError),
    "gaussian order": (lambda: ndimage.gaussian_filter(A, 1, order=-1), ValueError),
    "gaussian radius": (lambda: ndimage.gaussian_filter(A, 1, radius=-1), ValueError),
    "gaussian radius of fractions": (lambda: ndimage.gaussian_filter(A, 1, radius=1.5), ValueError),
    "gaussian sigmas": (lambda: ndimage.gaussian_filter(A, [1, 2, 3]), RuntimeError),
    "gaussian mode": (lambda: ndimage.gaussian_filter(A, 1, mode="odd"), RuntimeError),
    "uniform size": (lambda: ndimage.uniform_filter1d(A, 0), RuntimeError),
    "uniform size of fractions": (lambda: ndimage.uniform_filter1d(A, 2.5), TypeError),
    "uniform origin": (lambda: ndimage.uniform_filter(A, 3, origin=2), ValueError),
    # nn
    "conv1d channels": (lambda: nn.conv1d(X[:, :3], W), ValueError),
    "conv1d axes": (lambda: nn.conv1d(X[0, 0], W), ValueError),
    "conv1d weight axes": (lambda: nn.conv1d(X, W[0]), ValueError),
    "conv1d empty weight": (lambda: nn.conv1d(X, W[:, :, :0]), ValueError),
    "conv1d bias": (lambda: nn.conv1d(X, W, np.ones(5)), ValueError),
    "conv1d integers": (lambda: nn.conv1d(X.astype(int), W), TypeError),
    "conv1d mixed types": (lambda: nn.conv1d(X, W.astype(np.float32)), TypeError),
    "conv1d stride": (lambda: nn.conv1d(X, W, stride=0), ValueError),
    "conv1d strides": (lambda: nn.conv1d(X, W, stride=(1, 1)), ValueError),
    "conv1d stride of fractions": (lambda: nn.conv1d(X, W, stride=1.5), TypeError),
    "conv1d padding": (lambda: nn.conv1d(X, W, padding=-1), ValueError),
    "conv1d padding of text": (lambda: nn.conv1d(X, W, padding="full"), ValueError),
    "conv1d same with stride": (lambda: nn.conv1d(X, W, padding="same", stride=2), ValueError),
    "conv1d dilation": (lambda: nn.conv1d(X, W, dilation=0), ValueError),
    "conv1d window": (lambda: nn.conv1d(X, W, dilation=9), ValueError),
    "conv1d groups": (lambda: nn.conv1d(X, W, groups=0), ValueError),
    "conv1d groups and channels": (lambda: nn.conv1d(X, W, groups=2), ValueError),
    "conv1d groups and outputs": (lambda: nn.conv1d(X, W[:5, :1], groups=4), ValueError),
    "conv1d padding mode": (lambda: nn.conv1d(X, W, padding=1, padding_mode="odd"), ValueError),
    "conv1d reflection": (lambda: nn.conv1d(X, W, padding=9, padding_mode="reflect"), ValueError),
    "conv1d repetition": (lambda: nn.conv1d(X, W, padding=10, padding_mode="circular"), ValueError),
    "conv1d memory": (lambda: nn.conv1d(np.broadcast_to(1.0, (1, 1, 2**38)), np.ones((1, 1, 3))), MemoryError),
    "conv1d gradient": (lambda: nn.conv1d_input((2, 4, 9), W, np.ones((2, 6, 8))), ValueError),
    "conv1d weight gradient": (lambda: nn.conv1d_weight(X, (6, 4, 3), np.ones((2, 6, 8))), ValueError),
    "conv1d size": (lambda: nn.conv1d_input((4,), W, np.ones((2, 6, 7))), ValueError),
    "bias gradient": (lambda: nn.bias_gradient(V), ValueError),
    "transposed output padding": (lambda: nn.conv_transpose1d(X, W[:4], output_padding=1), ValueError),
    "transposed padding": (lambda: nn.conv_transpose1d(X, W[:4], padding=9), ValueError),
    "transposed channels": (lambda: nn.conv_transpose1d(X, W), ValueError),
    # restoration, filters, threads
    "wiener boundary": (lambda: restoration.wiener(IMAGE, A, 0.1, boundary="odd"), ValueError),
    "wiener balance": (lambda: restoration.wiener(IMAGE, A, -1), ValueError),
    "wiener balance of text": (lambda: restoration.wiener(IMAGE, A, "x"), ValueError),
    "wiener spread": (lambda: restoration.wiener(IMAGE, np.ones((20, 20)), 0.1), ValueError),
    "wiener spread that sums to zero": (lambda: restoration.wiener(IMAGE, A * 0, 0.1, boundary="wrap"), ValueError),
    "wiener ranks": (lambda: restoration.wiener(IMAGE, V, 0.1), ValueError),
    "wiener empty": (lambda: restoration.wiener(IMAGE[:0], A, 0.1), ValueError),
    "richardson_lucy iterations": (lambda: restoration.richardson_lucy(IMAGE, A, -1), ValueError),
    "richardson_lucy iterations of fractions": (lambda: restoration.richardson_lucy(IMAGE, A, 1.5), TypeError),
    "richardson_lucy objects": (lambda: restoration.richardson_lucy(IMAGE.astype(object), A), TypeError),
    "filter name": (lambda: filters.apply(IMAGE, "middlepass gaussian:0.1"), ValueError),
    "filter frequency": (lambda: filters.apply(IMAGE, "lowpass gaussian:9"), ValueError),
    "filter expression": (lambda: filters.apply(IMAGE, 3), TypeError),
    "filter boundary": (lambda: filters.apply(IMAGE, "lowpass gaussian:0.1", boundary="odd"), ValueError),
    "filter padding": (lambda: filters.apply(IMAGE, "lowpass gaussian:0.1", padding=-1), ValueError),
    "filter axes": (lambda: filters.apply(IMAGE, "lowpass gaussian:0.1", axes=3), ValueError),
    "filter sizes": (lambda: filters.FrequencyFilter((4, 0), "lowpass gaussian:0.1"), ValueError),
    "filter shape": (lambda: filters.FrequencyFilter((4, 4), "lowpass gaussian:0.1")(IMAGE), ValueError),
    "filter complex": (lambda: filters.apply(IMAGE + 1j, "lowpass gaussian:0.1"), TypeError),
    "no threads": (lambda: spectralkit.set_threads(0), ValueError),
    "too many threads": (lambda: spectralkit.set_threads(2**32 + 1), ValueError),
    "half a thread": (lambda: spectralkit.set_threads(0.5), TypeError),
}


def test_there_are_a_hundred() -> None:
    assert len(BAD) >= 100


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments(name: str) -> None:
    call, kind = BAD[name]
    with pytest.raises(kind) as error:
        call()
    assert len(str(error.value)) > 10


def test_threads_are_set() -> None:
    before = spectralkit.get_threads()
    x, w = np.random.default_rng(1).standard_normal((2, 60, 70))
    results = []
    try:
        for count in (1, 2, 5):
            spectralkit.set_threads(count)
            assert spectralkit.get_threads() == count
            results.append(signal.convolve2d(x, w))
    finally:
        spectralkit.set_threads(before)
    assert_array_equal(results[0], results[1])
    assert_array_equal(results[0], results[2])


def test_calls_from_many_threads() -> None:
    rng = np.random.default_rng(2)
    jobs = [(rng.standard_normal((50 + i % 5, 60)), rng.standard_normal((7, 9 + i % 3))) for i in range(40)]
    expected = [signal.convolve(x, w) for x, w in jobs]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            for got, want in zip(pool.map(lambda job: signal.convolve(*job), jobs), expected):
                assert_array_equal(got, want)


def run(source: str) -> str:
    paths = [os.path.dirname(os.path.dirname(spectralkit.__file__)), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(source)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_forked_processes_compute() -> None:
    output = run(
        """
        import multiprocessing
        import numpy as np
        from concurrent.futures import ThreadPoolExecutor
        from spectralkit import signal

        rng = np.random.default_rng(3)
        x, w = rng.standard_normal((300, 300)), rng.standard_normal((40, 40))
        expected = signal.convolve(x, w)

        def work(_):
            return np.array_equal(signal.convolve(x, w), expected)

        context = multiprocessing.get_context("fork")
        with ThreadPoolExecutor(2) as threads:
            # The parent computes in other threads while it forks.
            busy = [threads.submit(work, i) for i in range(20)]
            with context.Pool(3) as pool:
                print(all(pool.map(work, range(12))) and all(job.result() for job in busy))
        """
    )
    assert output.strip() == "True"


def test_the_interpreter_goes_on_during_a_call() -> None:
    # A counting thread gets on only if the call has released the interpreter's lock.
    output = run(
        """
        import threading
        import numpy as np
        import spectralkit
        from spectralkit import signal

        spectralkit.set_threads(1)
        x, w = np.ones((1500, 1500)), np.ones((64, 64))
        signal.convolve(x[:200, :200], w, "full", "direct")
        count, done = [0], threading.Event()

        def tick():
            while not done.wait(0.001):
                count[0] += 1

        ticker = threading.Thread(target=tick)
        ticker.start()
        before = count[0]
        signal.convolve(x, w, "full", "direct")
        after = count[0]
        done.set()
        ticker.join()
        print(after - before)
        """
    )
    assert int(output) >= 5


def test_a_missing_library_is_explained() -> None:
    output = run(
        """
        import os
        os.environ["SPECTRALKIT_LIBRARY"] = "/nowhere/libspectralkit.so"
        try:
            import spectralkit
        except ImportError as error:
            print(error)
        """
    )
    assert "SPECTRALKIT_LIBRARY" in output and "/nowhere/" in output


def test_another_library_is_explained() -> None:
    output = run(
        """
        import os
        import ctypes.util
        os.environ["SPECTRALKIT_LIBRARY"] = ctypes.util.find_library("c")
        try:
            import spectralkit
        except ImportError as error:
            print(error)
        """
    )
    assert "is not SpectralKit's library" in output
