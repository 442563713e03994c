"""Writes reference.json: what PyTorch computes in float64, for ReferenceTests.swift and OptimizerTests.swift.

    python make_reference.py        (PyTorch 2.x on the CPU, no other needs)

Each case has tensors (shape and values), numbers and words. A layer's case holds its input, output, the gradient by its
output, and the gradients that autograd finds by the input and by every parameter.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(20240607)
torch.set_default_dtype(torch.float64)
cases = {}


def randn(*shape):
    """Multiples of 1/64: short in the file, and now and then two that are equal."""
    return (torch.randn(*shape) * 64).round() / 64


def entry(tensor):
    tensor = tensor.detach()
    return {"shape": list(tensor.shape), "values": tensor.flatten().tolist()}


def layer(name, module, x, numbers=None, words=None):
    """Records a module's forward and backward pass at x."""
    x = x.clone().requires_grad_()
    y = module(x)
    g = randn(*y.shape)
    y.backward(g)
    tensors = {"input": entry(x), "output": entry(y), "gradient": entry(g), "input_gradient": entry(x.grad)}
    for key, parameter in module.named_parameters():
        tensors[key] = entry(parameter)
        tensors[key + "_gradient"] = entry(parameter.grad)
    cases[name] = {"tensors": tensors, "numbers": numbers or {}, "words": words or {}}


class Padded(torch.nn.Module):
    """A convolution after F.pad, which has a padding for each side."""

    def __init__(self, conv, left, right, top, bottom, mode):
        super().__init__()
        self.weight, self.bias, self.sides, self.mode = conv.weight, conv.bias, (left, right, top, bottom), mode
        self.stride, self.dilation, self.groups = conv.stride, conv.dilation, conv.groups

    def forward(self, x):
        x = F.pad(x, self.sides, mode=self.mode)
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)



# Activations.
x = randn(3, 4) * 2
layer("relu", torch.nn.ReLU(), x)
layer("leaky_relu", torch.nn.LeakyReLU(0.1), x)
layer("gelu", torch.nn.GELU(), x)
layer("tanh", torch.nn.Tanh(), x)
layer("sigmoid", torch.nn.Sigmoid(), x)
layer("softmax", torch.nn.Softmax(-1), x)
layer("log_softmax", torch.nn.LogSoftmax(-1), x)

# Dense.
layer("dense", torch.nn.Linear(5, 3), randn(4, 5))
layer("dense_no_bias", torch.nn.Linear(5, 3, bias=False), randn(4, 5))

# Pooling: kernel, stride, padding, dilation, whether padding counts.
images = randn(2, 2, 7, 6)
for i, (k, s, p, d) in enumerate(
    [((2, 2), (2, 2), (0, 0), (1, 1)), ((3, 3), (2, 2), (1, 1), (1, 1)), ((3, 2), (1, 2), (1, 0), (2, 3))]
):
    numbers = {"kernel": k, "stride": s, "padding": p, "dilation": d}
    layer(f"max_pooling_{i}", torch.nn.MaxPool2d(k, s, p, d), images, numbers)
for i, (k, s, p, counts) in enumerate(
    [((2, 2), (2, 2), (0, 0), True), ((3, 2), (2, 1), (1, 1), True), ((3, 2), (2, 1), (1, 1), False)]
):
    numbers = {"kernel": k, "stride": s, "padding": p, "counts": [int(counts)]}
    layer(f"average_pooling_{i}", torch.nn.AvgPool2d(k, s, p, count_include_pad=counts), images, numbers)
layer("global_average", torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()), images)

# Normalisation.
for name, module, shape in [
    ("batch_norm_2d", torch.nn.BatchNorm2d(3, momentum=0.3, eps=1e-4), (4, 3, 2, 5)),
    ("batch_norm_1d", torch.nn.BatchNorm1d(3), (6, 3)),
]:
    with torch.no_grad():
        module.weight.copy_(randn(3))
        module.bias.copy_(randn(3))
    layer(name, module, randn(*shape) * 3 + 1, {"momentum": [module.momentum], "eps": [module.eps]})
    tensors = cases[name]["tensors"]
    tensors["running_mean"], tensors["running_var"] = entry(module.running_mean), entry(module.running_var)
    module.eval()
    other = randn(*shape)
    tensors["inference_input"], tensors["inference_output"] = entry(other), entry(module(other))
module = torch.nn.LayerNorm((3, 4))
with torch.no_grad():
    module.weight.copy_(randn(3, 4))
    module.bias.copy_(randn(3, 4))
layer("layer_norm", module, randn(2, 3, 4) * 2 - 1)

# Convolutions: channels, outputs, kernel, stride, dilation, groups, (left, right, top, bottom), mode.
for i, (c, o, k, s, d, g, sides, mode) in enumerate(
    [
        (2, 3, (3, 3), (1, 1), (1, 1), 1, (0, 0, 0, 0), "constant"),
        (2, 4, (3, 2), (2, 1), (1, 2), 2, (1, 2, 0, 3), "constant"),
        (3, 3, (3, 3), (1, 2), (2, 1), 3, (2, 1, 2, 2), "reflect"),
        (2, 2, (2, 3), (2, 2), (1, 1), 1, (3, 1, 0, 2), "replicate"),
        (2, 2, (3, 3), (1, 1), (1, 2), 1, (2, 3, 4, 1), "circular"),
    ]
):
    conv = torch.nn.Conv2d(c, o, k, s, 0, d, g)
    numbers = {"kernel": k, "stride": s, "dilation": d, "groups": [g], "sides": sides}
    layer(f"convolution_{i}", Padded(conv, *sides, mode), randn(2, c, 5, 6), numbers, {"mode": mode})

# Transposed convolutions: channels, outputs, kernel, stride, padding, output padding, groups, dilation.
for i, (c, o, k, s, p, op, g, d) in enumerate(
    [
        (2, 3, (3, 3), (1, 1), (0, 0), (0, 0), 1, (1, 1)),
        (4, 2, (3, 2), (2, 3), (1, 0), (1, 2), 2, (1, 1)),
        (2, 2, (3, 3), (2, 1), (2, 1), (1, 0), 1, (2, 2)),
    ]
):
    module = torch.nn.ConvTranspose2d(c, o, k, s, p, op, g, True, d)
    numbers = {"kernel": k, "stride": s, "padding": p, "output_padding": op, "groups": [g], "dilation": d}
    layer(f"transpose_{i}", module, randn(2, c, 3, 4), numbers)

# Losses.
logits, labels = randn(4, 5) * 3, [0, 3, 4, 3]
for i, smoothing in enumerate([0.0, 0.1]):
    x = logits.clone().requires_grad_()
    loss = F.cross_entropy(x, torch.tensor(labels), label_smoothing=smoothing)
    loss.backward()
    correct = int((x.argmax(1) == torch.tensor(labels)).sum())
    cases[f"cross_entropy_{i}"] = {
        "tensors": {"input": entry(x), "input_gradient": entry(x.grad)},
        "numbers": {"labels": labels, "smoothing": [smoothing], "loss": [loss.item()], "correct": [correct]},
        "words": {},
    }
x, target = randn(3, 4).requires_grad_(), randn(3, 4)
loss = F.mse_loss(x, target)
loss.backward()
cases["mean_squared_error"] = {
    "tensors": {"input": entry(x), "target": entry(target), "input_gradient": entry(x.grad)},
    "numbers": {"loss": [loss.item()]},
    "words": {},
}

# Optimizers: five steps of one parameter under given gradients, with the parameter after each.
start, gradients = randn(2, 3), [randn(2, 3) for _ in range(5)]
for name, make in {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd_decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.05),
    "sgd_momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05),
    "sgd_nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02),
    "adam_decay": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.1),
}.items():
    parameter = start.clone().requires_grad_()
    optimizer = make([parameter])
    tensors = {"start": entry(start)}
    for i, gradient in enumerate(gradients):
        parameter.grad = gradient.clone()
        optimizer.step()
        tensors[f"gradient_{i}"], tensors[f"after_{i}"] = entry(gradient), entry(parameter)
    cases[f"optimizer_{name}"] = {"tensors": tensors, "numbers": {}, "words": {}}

# Schedules: PyTorch's cosine annealing, step for step.
parameter = torch.nn.Parameter(torch.zeros(1))
optimizer = torch.optim.SGD([parameter], lr=0.5)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10, eta_min=0.05)
rates = []
for _ in range(10):
    rates.append(optimizer.param_groups[0]["lr"])
    optimizer.step()
    schedule.step()
cases["cosine"] = {"tensors": {}, "numbers": {"rates": rates}, "words": {}}

text = ",\n".join(f"{json.dumps(name)}: {json.dumps(case, separators=(',', ':'))}" for name, case in cases.items())
pathlib.Path(__file__).with_name("reference.json").write_text("{\n" + text + "\n}\n")
