"""Times SpectralKit beside SciPy and PyTorch, called from Python, in one run.

    python Python/benchmarks/speed.py [--threads N] overhead signal ndimage layers network

Each job runs once on both sides, which makes plans. Then they take turns, three each, of up to six calls or a second.
The first call of a turn finds the caches full of the other side's data and is left out where it is not the only one; a
figure is the median. The last column is the norm of the difference, relative to that of the peer's result. `layers` and
`network` need PyTorch.
"""

from __future__ import annotations

import argparse
import statistics
import time
import timeit
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import spectralkit
from spectralkit import ndimage, nn, signal

if TYPE_CHECKING:
    import torch

Job = Callable[[], Any]


def turn(job: Job) -> list[float]:
    """The times of the calls of a turn."""
    times: list[float] = []
    while len(times) < 6 and sum(times) < 1:
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return times[1:] or times


def compare(name: str, ours: Job, theirs: Job) -> None:
    a, b = np.asarray(ours(), float), np.asarray(theirs(), float)
    turns = [(turn(ours), turn(theirs)) for _ in range(3)]
    mine = statistics.median(seconds for times, _ in turns for seconds in times)
    other = statistics.median(seconds for _, times in turns for seconds in times)
    difference = np.linalg.norm(a - b) / np.linalg.norm(b)
    print(f"{name:52} {mine * 1e3:9.2f} ms {other * 1e3:9.2f} ms {other / mine:6.1f} {difference:9.1e}", flush=True)


def title(name: str, peer: str) -> None:
    print(f"\n{name:52} {'SpectralKit':>12} {peer:>12} {'ratio':>6} {'difference':>9}")


# ---------------------------------------------------------------------------------------------------------------------


def microseconds(job: Job, calls: int = 2000) -> float:
    job()
    return min(timeit.repeat(job, number=calls, repeat=5)) / calls * 1e6


def overhead() -> None:
    """What a call takes on 64 numbers, where the work itself takes next to nothing."""
    x, w = np.random.default_rng(1).random(64), np.random.default_rng(2).random(9)
    image, kernel = x.reshape(8, 8), w.reshape(3, 3)
    batch, filters = x.reshape(1, 1, 64), w.reshape(1, 1, 9)
    images, kernels = x.reshape(1, 1, 8, 8), w.reshape(1, 1, 3, 3)
    gradient = np.ones((1, 1, 56))
    jobs: dict[str, Job] = {
        "signal.convolve": lambda: signal.convolve(x, w),
        "signal.correlate": lambda: signal.correlate(x, w, "same"),
        "signal.fftconvolve": lambda: signal.fftconvolve(x, w),
        "signal.oaconvolve": lambda: signal.oaconvolve(x, w),
        "signal.convolve2d": lambda: signal.convolve2d(image, kernel),
        "signal.correlate2d": lambda: signal.correlate2d(image, kernel, "same", "symm"),
        "ndimage.correlate1d": lambda: ndimage.correlate1d(x, w),
        "ndimage.convolve1d": lambda: ndimage.convolve1d(x, w),
        "ndimage.correlate": lambda: ndimage.correlate(image, kernel),
        "ndimage.uniform_filter1d": lambda: ndimage.uniform_filter1d(x, 9),
        "ndimage.gaussian_filter1d": lambda: ndimage.gaussian_filter1d(x, 1),
        "ndimage.gaussian_filter, two passes": lambda: ndimage.gaussian_filter(image, 1),
        "nn.conv1d": lambda: nn.conv1d(batch, filters),
        "nn.conv1d_input": lambda: nn.conv1d_input(batch.shape, filters, gradient),
        "nn.conv1d_weight": lambda: nn.conv1d_weight(batch, filters.shape, gradient),
        "nn.conv_transpose1d": lambda: nn.conv_transpose1d(batch, filters),
        "nn.conv2d": lambda: nn.conv2d(images, kernels),
    }
    print("\nA call on 64 numbers, microseconds")
    for name, job in jobs.items():
        print(f"{name:52} {microseconds(job):9.1f}", flush=True)
    try:
        import torch
    except ModuleNotFoundError:
        return
    import spectralkit.torch as st

    # With the arguments of the operator behind conv1d, and nothing else.
    def nothing(input, weight, bias, geometry):  # type: ignore[no-untyped-def]
        return torch.empty(1), torch.empty(1)

    schema = "(Tensor input, Tensor weight, Tensor? bias, int[] geometry) -> (Tensor, Tensor)"
    operator = torch.library.custom_op("speed::nothing", nothing, mutates_args=(), schema=schema)
    operator.register_autograd(
        lambda ctx, *gradients: (None,) * 4,
        setup_context=lambda ctx, inputs, output: ctx.save_for_backward(inputs[0], inputs[1], output[1]),
    )
    t, u = torch.from_numpy(batch).float(), torch.from_numpy(filters).float()
    layer = st.Conv1d(1, 1, 9).eval()
    arguments = (None, [1, 0, 0, 1, 1, 0])
    with torch.no_grad():
        print(f"{'torch.conv1d, no gradient':52} {microseconds(lambda: st.conv1d(t, u)):9.1f}")
        print(f"{'torch.Conv1d in eval()':52} {microseconds(lambda: layer(t)):9.1f}")
    t.requires_grad_()
    u.requires_grad_()
    print(f"{'torch.conv1d, recorded':52} {microseconds(lambda: st.conv1d(t, u)):9.1f}")
    job = lambda: torch.ops.speed.nothing(t, u, *arguments)
    print(f"{'an operator in Python that does nothing, recorded':52} {microseconds(job):9.1f}")


def signals() -> None:
    import scipy.fft
    import scipy.signal

    title("signal", "SciPy")
    rng = np.random.default_rng(1)
    million = 1_000_000
    cases = [
        ((million,), (1_001,), float),
        ((million,), (1_001,), np.float32),
        ((million,), (100_001,), float),
        ((million,), (100_001,), np.float32),
        ((4 * million,), (20_001,), float),
        ((4 * million,), (20_001,), np.float32),
        ((million,), (million,), float),
        ((million,), (million,), np.float32),
        ((1024, 1024), (31, 31), float),
        ((2048, 2048), (129, 129), float),
        ((1000, 1000), (1000, 1000), float),
        ((128, 128, 128), (17, 17, 17), float),
    ]
    with scipy.fft.set_workers(spectralkit.get_threads()):
        for shape, taps, dtype in cases:
            x, w = rng.standard_normal(shape).astype(dtype), rng.standard_normal(taps).astype(dtype)
            size = f"{' x '.join(map(str, shape))} by {' x '.join(map(str, taps))} {np.dtype(dtype)}"
            for name in ("fftconvolve", "oaconvolve"):
                mine, other = getattr(signal, name), getattr(scipy.signal, name)
                compare(f"{name} {size}", partial(mine, x, w), partial(other, x, w))


def filters() -> None:
    import scipy.ndimage

    title("ndimage", "SciPy")
    x = np.random.default_rng(2).standard_normal((1024, 1024))
    w = np.random.default_rng(3).standard_normal((15, 15))
    jobs = {
        "gaussian_filter 1024 x 1024, sigma 5": ("gaussian_filter", 5),
        "uniform_filter 1024 x 1024, size 9": ("uniform_filter", 9),
        "correlate 1024 x 1024 by 15 x 15": ("correlate", w),
    }
    for label, (name, argument) in jobs.items():
        mine, other = getattr(ndimage, name), getattr(scipy.ndimage, name)
        compare(label, partial(mine, x, argument), partial(other, x, argument))


# ---------------------------------------------------------------------------------------------------------------------


def layers() -> None:
    import torch

    import spectralkit.torch as st

    title("layers, float32", "PyTorch")
    torch.manual_seed(1)

    def pair(*arguments: Any, **options: Any) -> tuple[torch.nn.Module, torch.nn.Module]:
        theirs = torch.nn.Conv2d(*arguments, **options)
        ours = st.Conv2d(*arguments, **options)
        ours.load_state_dict(theirs.state_dict())
        return ours, theirs

    x = torch.randn(4, 256, 56, 56)
    ours, theirs = pair(256, 256, 31, padding=15, groups=256, bias=False)
    gradient = torch.randn_like(x)

    def step(layer: torch.nn.Module) -> Any:
        input = x.detach().requires_grad_()
        return torch.autograd.grad(layer(input), (input, layer.weight), gradient)[1].detach()

    compare("training step, depthwise 31 x 31, 4 x 256 x 56 x 56", lambda: step(ours), lambda: step(theirs))
    with torch.no_grad():
        for layer in (ours, theirs):
            layer.eval()
        compare("eval(), depthwise 31 x 31, 4 x 256 x 56 x 56", lambda: ours(x), lambda: theirs(x))
        for batch, channels, size in ((4, 64, 56), (1, 128, 64), (8, 32, 64)):
            mine, other = pair(channels, channels, 15, padding=7)
            z = torch.randn(batch, channels, size, size)
            name = f"eval(), dense 15 x 15, {batch} x {channels} x {size} x {size}"
            compare(name, partial(mine.eval(), z), partial(other.eval(), z))


def replknet(kernels: tuple[int, ...], blocks: tuple[int, ...], channels: tuple[int, ...]) -> Any:
    """A network in the manner of RepLKNet (Ding et al., "Scaling Up Your Kernels to 31x31", CVPR 2022)."""
    import torch
    from torch import Tensor
    from torch import nn as layers

    def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> layers.Sequential:
        return layers.Sequential(
            layers.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            layers.BatchNorm2d(outputs),
        )

    class LargeKernelBlock(layers.Module):
        """A large depthwise kernel with a small one beside it, between two pointwise convolutions."""

        def __init__(self, width: int, kernel: int) -> None:
            super().__init__()
            self.before = layers.Sequential(
                layers.BatchNorm2d(width), convolution(width, width, 1), layers.ReLU(inplace=True)
            )
            self.large = convolution(width, width, kernel, groups=width)
            self.small = convolution(width, width, 5, groups=width)
            self.after = layers.Sequential(layers.ReLU(inplace=True), convolution(width, width, 1))

        def forward(self, x: Tensor) -> Tensor:
            inner = self.before(x)
            return x + self.after(self.large(inner) + self.small(inner))

    class FeedForward(layers.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.body = layers.Sequential(
                layers.BatchNorm2d(width),
                convolution(width, 4 * width, 1),
                layers.GELU(),
                convolution(4 * width, width, 1),
            )

        def forward(self, x: Tensor) -> Tensor:
            return x + self.body(x)

    first = channels[0]
    parts: list[layers.Module] = [
        layers.Sequential(convolution(3, first, 3, 2), layers.ReLU(inplace=True)),
        layers.Sequential(convolution(first, first, 3, groups=first), layers.ReLU(inplace=True)),
        layers.Sequential(convolution(first, first, 1), layers.ReLU(inplace=True)),
        layers.Sequential(convolution(first, first, 3, 2, groups=first), layers.ReLU(inplace=True)),
    ]
    for stage, (kernel, count, width) in enumerate(zip(kernels, blocks, channels)):
        for _ in range(count):
            parts += [LargeKernelBlock(width, kernel), FeedForward(width)]
        if stage + 1 < len(channels):
            wider = channels[stage + 1]
            parts += [
                layers.Sequential(convolution(width, wider, 1), layers.ReLU(inplace=True)),
                layers.Sequential(convolution(wider, wider, 3, 2, groups=wider), layers.ReLU(inplace=True)),
            ]
    head = [layers.BatchNorm2d(channels[-1]), layers.AdaptiveAvgPool2d(1), layers.Flatten()]
    torch.manual_seed(1)
    return layers.Sequential(*parts, *head, layers.Linear(channels[-1], 1000))


def network() -> None:
    import copy

    import torch

    import spectralkit.torch as st

    title("RepLKNet-31B, random weights, 4 x 3 x 224 x 224", "PyTorch")
    theirs = replknet((31, 29, 27, 13), (2, 2, 18, 2), (128, 256, 512, 1024))
    ours, smaller = copy.deepcopy(theirs), copy.deepcopy(theirs)
    counts = len(st.replace(ours)), len(st.replace(smaller, min_kernel=5))
    x, labels = torch.randn(4, 3, 224, 224), torch.randint(0, 1000, (4,))

    def inference(model: torch.nn.Module) -> Any:
        with torch.no_grad():
            return model(x)

    def step(model: torch.nn.Module) -> Any:
        model.zero_grad(set_to_none=True)
        output = model(x)
        torch.nn.functional.cross_entropy(output, labels).backward()
        return output.detach()

    for model in (ours, theirs):
        model.eval()
    compare(f"inference, {counts[0]} convolutions swapped", lambda: inference(ours), lambda: inference(theirs))
    for model in (ours, theirs):
        model.train()
    compare(f"training step, {counts[0]} convolutions swapped", lambda: step(ours), lambda: step(theirs))
    compare(f"training step, {counts[1]} with min_kernel=5", lambda: step(smaller), lambda: step(theirs))


JOBS = {"overhead": overhead, "signal": signals, "ndimage": filters, "layers": layers, "network": network}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="+", choices=JOBS)
    parser.add_argument("--threads", type=int, default=spectralkit.get_threads())
    options = parser.parse_args()
    spectralkit.set_threads(options.threads)
    if {"overhead", "layers", "network"} & {*options.jobs}:
        try:
            import torch

            torch.set_num_threads(options.threads)
        except ModuleNotFoundError:
            if {"layers", "network"} & {*options.jobs}:
                raise SystemExit("layers and network need PyTorch: pip install torch") from None
    print(f"spectralkit {spectralkit.__version__}, {options.threads} threads")
    for name in options.jobs:
        JOBS[name]()


if __name__ == "__main__":
    main()
