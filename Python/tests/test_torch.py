"""`spectralkit.torch`: derivatives, registration, agreement with PyTorch, layers."""

from __future__ import annotations

import copy
import gc
import io
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

torch = pytest.importorskip("torch")

import spectralkit.torch as st  # noqa: E402
from spectralkit import _native  # noqa: E402

F = torch.nn.functional

SIZES = {1: ((2, 4, 9), (3,)), 2: ((2, 4, 6, 5), (3, 2)), 3: ((1, 4, 4, 3, 4), (2, 3, 2))}

GEOMETRIES = [
    {},
    {"stride": 2, "padding": 1},
    {"dilation": 2, "padding": 2},
    {"groups": 2, "padding": "same"},
    {"groups": 4, "stride": 2},
    {"padding": 1, "padding_mode": "reflect"},
    {"padding": 2, "padding_mode": "replicate", "stride": 2},
    {"padding": "same", "padding_mode": "circular", "groups": 2},
]

TRANSPOSED = [
    {},
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"dilation": 3, "output_padding": 2},
    {"stride": 2, "groups": 2},
    {"groups": 4},
]


def tensors(axes: int, case: dict, transposed: bool, outputs: int = 8) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    shape, kernel = SIZES[axes]
    groups = case.get("groups", 1)
    weight = (4, outputs // groups, *kernel) if transposed else (outputs, 4 // groups, *kernel)
    shapes = [shape, weight, (outputs,)]
    return [torch.randn(s, generator=generator, dtype=torch.float64, requires_grad=True) for s in shapes]


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("case", GEOMETRIES, ids=str)
def test_gradients_by_finite_differences(axes: int, case: dict) -> None:
    function = getattr(st, f"conv{axes}d")
    arguments = tensors(axes, case, False, 4)
    assert torch.autograd.gradcheck(lambda *given: function(*given, **case), arguments)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("case", TRANSPOSED, ids=str)
def test_gradients_of_transposed_by_finite_differences(axes: int, case: dict) -> None:
    function = getattr(st, f"conv_transpose{axes}d")
    arguments = tensors(axes, case, True, 4)
    assert torch.autograd.gradcheck(lambda *given: function(*given, **case), arguments)


@pytest.mark.parametrize("case", [GEOMETRIES[1], GEOMETRIES[3], GEOMETRIES[6]], ids=str)
def test_second_derivatives(case: dict) -> None:
    arguments = tensors(1, case, False, 4)
    assert torch.autograd.gradgradcheck(lambda *given: st.conv1d(*given, **case), arguments)


def test_second_derivatives_of_transposed() -> None:
    arguments = tensors(1, TRANSPOSED[1], True, 4)
    assert torch.autograd.gradgradcheck(lambda *given: st.conv_transpose1d(*given, **TRANSPOSED[1]), arguments)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "name", ["convolution", "convolution_recorded", "convolution_backward", "input_gradient", "weight_gradient"]
)
def test_operators_are_registered_correctly(name: str, axes: int) -> None:
    x, w, b = tensors(axes, {"groups": 2}, False, 4)
    geometry = st._packed(st.Geometry((2,) * axes, (1,) * axes, (1,) * axes, (1,) * axes, 2, _native.ZERO))
    y = st._convolve(axes, x, w, b, 2, 1, 1, 2, "zeros").detach().requires_grad_()
    arguments = {
        "convolution": (x, w, b, geometry),
        "convolution_recorded": (x, w, b, geometry),
        "convolution_backward": (y, x, w, torch.zeros(8, dtype=torch.uint8), geometry, True, True),
        "input_gradient": (y, w, None, list(x.shape[2:]), geometry),
        "weight_gradient": (y, x, list(w.shape[2:]), geometry),
    }[name]
    results = torch.library.opcheck(getattr(torch.ops.spectralkit, name).default, arguments)
    assert set(results.values()) == {"SUCCESS"}


def sample_inputs() -> list:
    methods = pytest.importorskip("torch.testing._internal.common_methods_invocations")
    cases = []
    for info in methods.op_db:
        name = info.name.rsplit(".", 1)[-1]
        if info.name.startswith("nn.functional.conv") and hasattr(st, name):
            for dtype in (torch.float64, torch.float32):
                samples = info.sample_inputs("cpu", dtype, requires_grad=True)
                cases += [(name, dtype, number, sample) for number, sample in enumerate(samples)]
    return cases


def test_sample_inputs_of_pytorch() -> None:
    cases = sample_inputs()
    assert {name for name, *_ in cases} == {
        f"conv{part}{axes}d" for part, axes in itertools.product(["", "_transpose"], [1, 2, 3])
    }
    for name, dtype, number, sample in cases:
        theirs, ours = getattr(F, name), getattr(st, name)
        tensors = [sample.input, *sample.args]
        wanted = [given for given in tensors if isinstance(given, torch.Tensor)]
        expected, actual = theirs(*tensors, **sample.kwargs), ours(*tensors, **sample.kwargs)
        gradient = torch.randn_like(expected)
        # Rounding errors are relative to the sums of absolute values.
        sizes = [None if given is None else given.detach().abs().requires_grad_() for given in tensors]
        bounds = theirs(*sizes, **sample.kwargs)
        pairs = zip(
            [expected, *torch.autograd.grad(expected, wanted, gradient)],
            [actual, *torch.autograd.grad(actual, wanted, gradient)],
            [bounds, *torch.autograd.grad(bounds, [t for t in sizes if t is not None], gradient.abs())],
        )
        for part, (want, got, bound) in enumerate(pairs):
            tolerance = 16 * torch.finfo(dtype).eps * float(bound.detach().abs().max()) if bound.numel() else 0
            label = f"{'a gradient' if part else 'the output'} differs: {name} {dtype} sample {number}"
            torch.testing.assert_close(got, want, rtol=0, atol=tolerance, msg=label)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("case", GEOMETRIES, ids=str)
def test_layers(axes: int, case: dict) -> None:
    kernel = SIZES[axes][1]
    theirs = getattr(torch.nn, f"Conv{axes}d")(4, 8, kernel, **case).double()
    ours = getattr(st, f"Conv{axes}d")(4, 8, kernel, **case).double()
    ours.load_state_dict(theirs.state_dict())
    x = tensors(axes, {}, False)[0]
    for layer in (theirs, ours):
        layer.zero_grad()
    expected, actual = theirs(x), ours(x)
    torch.testing.assert_close(actual, expected)
    (expected**2).sum().backward()
    (actual**2).sum().backward()
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)
    torch.testing.assert_close(ours.bias.grad, theirs.bias.grad)
    ours.eval()
    with torch.no_grad():
        for _ in range(2):
            torch.testing.assert_close(ours(x), expected)
        torch.testing.assert_close(ours(x[0]), expected[0])


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_transposed_layers(axes: int) -> None:
    kernel = SIZES[axes][1]
    theirs = getattr(torch.nn, f"ConvTranspose{axes}d")(4, 8, kernel, stride=2, padding=1).double()
    ours = getattr(st, f"ConvTranspose{axes}d")(4, 8, kernel, stride=2, padding=1).double()
    ours.load_state_dict(theirs.state_dict())
    x = tensors(axes, {}, True)[0]
    size = [n + 1 for n in theirs(x).shape[2:]]
    torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours(x, output_size=size), theirs(x, output_size=size))


def test_tapes_end_with_their_graph() -> None:
    gc.collect()
    before = len(st._tapes)
    x, w, b = tensors(2, {}, False)
    y = st.conv2d(x, w, b)
    assert len(st._tapes) == before + 1
    y.sum().backward()
    assert len(st._tapes) == before
    y = st.conv2d(x, w, b)
    del y
    gc.collect()
    assert len(st._tapes) == before
    with torch.no_grad():
        st.conv2d(x, w, b)
    assert len(st._tapes) == before


def test_backward_without_a_tape_is_the_same() -> None:
    x, w, b = tensors(2, {}, False)
    gradient = torch.randn(st.conv2d(x, w, b).shape, dtype=torch.float64)
    expected = torch.autograd.grad(st.conv2d(x, w, b), (x, w), gradient)
    # Hooks that copy what is saved, as those that move it to another device.
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = st.conv2d(x, w, b)
    torch.testing.assert_close(torch.autograd.grad(y, (x, w), gradient), expected)


def test_only_one_gradient_is_wanted() -> None:
    x, w, b = tensors(2, {}, False)
    y = F.conv2d(x, w, b)
    gradient = torch.randn_like(y)
    for wanted in (x, w, b):
        given = [t if t is wanted else t.detach() for t in (x, w, b)]
        (actual,) = torch.autograd.grad(st.conv2d(*given), wanted, gradient)
        (expected,) = torch.autograd.grad(y, wanted, gradient, retain_graph=True)
        torch.testing.assert_close(actual, expected)


def test_in_place_change_between_the_passes_is_noticed() -> None:
    x, w, b = tensors(2, {}, False)
    y = st.conv2d(x, w, b)
    with torch.no_grad():
        w.mul_(2)
    with pytest.raises(RuntimeError, match="inplace"):
        y.sum().backward()


def test_prepared_weights_follow_the_weight() -> None:
    layer = st.Conv2d(3, 4, 7, padding=3).eval()
    x = torch.randn(2, 3, 20, 20)

    def check() -> None:
        with torch.no_grad():
            actual = layer(x)
            torch.testing.assert_close(actual, F.conv2d(x, layer.weight, layer.bias, padding=3), rtol=1e-4, atol=1e-5)

    check()
    assert layer in st._prepared
    with torch.no_grad():
        layer.weight.add_(1)
    check()
    layer.weight.data.copy_(torch.randn(4, 3, 7, 7))
    check()
    layer.weight.data[3, 2, 6, 6] += 1
    check()
    layer.weight.data = layer.weight.data.transpose(2, 3)
    check()
    layer.weight.data[0, 0, 0, 0] -= 1
    check()
    layer.load_state_dict(st.Conv2d(3, 4, 7, padding=3).state_dict())
    check()
    layer.weight = torch.nn.Parameter(torch.randn(4, 3, 7, 7))
    check()
    layer.double()
    x = x.double()
    check()
    layer.train()
    assert layer not in st._prepared


def test_weights_that_are_computed_on_every_call() -> None:
    layer = torch.nn.utils.parametrizations.weight_norm(st.Conv2d(3, 4, 7, padding=3)).eval()
    x = torch.randn(2, 3, 20, 20)
    with torch.no_grad():
        for _ in range(2):
            torch.testing.assert_close(layer(x), F.conv2d(x, layer.weight, layer.bias, padding=3), rtol=1e-4, atol=1e-5)
            layer.parametrizations.weight.original0.mul_(3)


def test_a_layer_serves_many_threads() -> None:
    layer = st.Conv2d(3, 4, 7, padding=3).eval()
    batches = [torch.randn(1, 3, 20 + i % 3, 20) for i in range(24)]
    with torch.no_grad():
        expected = [layer(x) for x in batches]
    layer.train().eval()

    def work(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return layer(x)

    with ThreadPoolExecutor(6) as pool:
        for actual, wanted in zip(pool.map(work, batches), expected):
            torch.testing.assert_close(actual, wanted)


class Blurred(torch.utils.data.Dataset):
    """Images that the processes of a data loader convolve."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> torch.Tensor:
        return st.conv2d(torch.full((1, 1, 40, 40), float(index)), torch.ones(1, 1, 9, 9))[0]


def test_data_loaders_compute_in_their_processes() -> None:
    x, w = torch.randn(2, 3, 32, 32), torch.randn(4, 3, 9, 9, requires_grad=True)
    loader = torch.utils.data.DataLoader(Blurred(), batch_size=2, num_workers=2, timeout=60)
    for number, images in enumerate(loader):
        # The parent computes in the meantime.
        st.conv2d(x, w).sum().backward()
        torch.testing.assert_close(images[:, 0, 0, 0], 81 * torch.tensor([2.0 * number, 2.0 * number + 1]))


def test_copies_and_files() -> None:
    layer = st.Conv2d(3, 4, 7).eval()
    x = torch.randn(1, 3, 20, 20)
    with torch.inference_mode():
        expected = layer(x)
        for other in (copy.deepcopy(layer), reload(layer)):
            torch.testing.assert_close(other(x), expected)


def reload(layer: torch.nn.Module) -> torch.nn.Module:
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def model() -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 8, 13, padding=6, groups=8),
        torch.nn.BatchNorm2d(8),
        torch.nn.Sequential(torch.nn.ConvTranspose2d(8, 4, 9, stride=2)),
        torch.nn.Conv2d(4, 4, (1, 7), padding="same", padding_mode="circular"),
    )


def test_replace() -> None:
    torch.manual_seed(1)
    theirs = model().double()
    ours = copy.deepcopy(theirs)
    weights = {name: p.data_ptr() for name, p in ours.named_parameters()}
    calls = []
    ours[2].register_forward_hook(lambda *_: calls.append(1))
    swapped = st.replace(ours)
    assert [name for name, _ in swapped] == ["2", "4.0", "5"]
    assert "Swapped 3 convolutions" in str(swapped) and "4.0: ConvTranspose2d(" in str(swapped)
    assert {name: p.data_ptr() for name, p in ours.named_parameters()} == weights
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x = torch.randn(2, 3, 24, 22, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x))
    assert calls
    ours(x).sum().backward()
    theirs(x).sum().backward()
    for mine, other in zip(ours.parameters(), theirs.parameters()):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-9, atol=1e-9)
    assert st.replace(ours) == []
    assert str(st.replace(torch.nn.Linear(1, 1))) == "No convolution was swapped."
    assert [name for name, _ in st.replace(model(), min_kernel=13)] == ["2"]


def test_replaced_model_learns_like_the_original() -> None:
    torch.manual_seed(2)
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 9, padding=4), torch.nn.ReLU(), torch.nn.Conv2d(3, 1, 7, padding=3)
    )
    theirs = theirs.double()
    ours = copy.deepcopy(theirs)
    st.replace(ours)
    x = torch.randn(4, 1, 16, 16, dtype=torch.float64)
    target = F.conv2d(x, torch.randn(1, 1, 5, 5, dtype=torch.float64) / 5, padding=2)
    losses = []
    for net in (theirs, ours):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
        for _ in range(30):
            optimizer.zero_grad()
            loss = F.mse_loss(net(x), target)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)
    with torch.no_grad():
        assert losses[0] < F.mse_loss(torch.zeros_like(target), target).item()


@pytest.mark.parametrize("training", [True, False])
def test_compiled_models(training: bool) -> None:
    torch.manual_seed(3)
    theirs = model().train(training)
    ours = copy.deepcopy(theirs)
    st.replace(ours)
    compiled = torch.compile(ours, backend="aot_eager", fullgraph=True)
    x = torch.randn(2, 3, 24, 22)
    with torch.set_grad_enabled(training):
        expected, actual = theirs(x), compiled(x)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)
    if training:
        actual.square().mean().backward()
        expected.square().mean().backward()
        scale = float(theirs[2].weight.grad.abs().max())
        torch.testing.assert_close(ours[2].weight.grad, theirs[2].weight.grad, rtol=1e-3, atol=1e-4 * scale)


def test_strided_tensors() -> None:
    x, w, b = tensors(2, {}, False)
    for given in (
        x.transpose(2, 3),
        x.flip(2),
        x[:, :, ::2],
        x.to(memory_format=torch.channels_last),
        x[:1].expand(3, -1, -1, -1),
    ):
        torch.testing.assert_close(st.conv2d(given, w, b), F.conv2d(given, w, b))


def test_autocast_keeps_single_precision() -> None:
    layer = st.Conv2d(2, 2, 7, padding=3)
    x = torch.randn(1, 2, 16, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = layer(x.bfloat16())
        z = layer.eval()(x)
    assert y.dtype == z.dtype == torch.float32


@pytest.mark.parametrize(
    "call, kind",
    [
        (lambda x, w: st.conv2d(x.half(), w), TypeError),
        (lambda x, w: st.conv2d(x, w.double()), TypeError),
        (lambda x, w: st.conv2d(x.to_sparse(), w), TypeError),
        (lambda x, w: st.conv2d(x, w.numpy()), TypeError),
        (lambda x, w: st.conv2d(x[:, :1], w), ValueError),
        (lambda x, w: st.conv2d(x, w, torch.ones(3)), ValueError),
        (lambda x, w: st.conv2d(x[0, 0], w), ValueError),
        (lambda x, w: st.conv2d(x, w[0]), ValueError),
        (lambda x, w: st.conv2d(x, w, stride=0), ValueError),
        (lambda x, w: st.conv2d(x, w, stride=2, padding="same"), ValueError),
        (lambda x, w: st.conv2d(x, w, padding="half"), ValueError),
        (lambda x, w: st.conv2d(x, w, padding=9, padding_mode="reflect"), ValueError),
        (lambda x, w: st.conv2d(x[:, :, :2], w), ValueError),
        (lambda x, w: st.conv2d(x, w, groups=3), ValueError),
        (lambda x, w: st.conv_transpose2d(x, w, output_padding=1), ValueError),
        (lambda x, w: st.conv_transpose2d(x, w, padding=9), ValueError),
        (lambda x, w: st.replace(x), TypeError),
        (lambda x, w: st.replace(torch.nn.Conv2d(1, 1, 3), 0), ValueError),
    ],
)
def test_bad_arguments(call, kind: type[Exception]) -> None:
    with pytest.raises(kind) as error:
        call(torch.ones(1, 2, 8, 8), torch.ones(2, 2, 3, 3))
    assert len(str(error.value)) > 10
