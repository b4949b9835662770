"""Writes activations.json: values and slopes of PyTorch's activations, in f64. Run with PyTorch 2: python activations.py

What PyTorch lacks is its formula in PyTorch's operations: there, the slopes are what is independent.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(6)
torch.set_default_dtype(torch.float64)

# Ordinary and large numbers, and 0, where many have a kink.
POINTS = [-30.0, -7.5, -3.5, -2.0, -1.0, -0.6, -0.5, -0.3, -1e-3, 0.0, 1e-3, 0.25, 0.5, 0.8, 1.0, 2.0, 2.75, 4.0, 6.5, 30.0]
SHARES = [0.01, 0.25, 0.5, 0.75, 0.99]
functions = {
    "relu": F.relu, "relu6": F.relu6, "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "swish": F.silu,
    "hard_swish": F.hardswish, "hard_sigmoid": lambda x: F.relu6(x + 3) / 6, "log_sigmoid": F.logsigmoid,
    "softplus": lambda x: F.softplus(x, threshold=1e3), "softsign": F.softsign, "selu": F.selu, "mish": F.mish,
    "lisht": lambda x: x * x.tanh(), "log_cosh": lambda x: torch.logaddexp(x, -x) - torch.tensor(2.0).log(),
    "tanh_shrink": F.tanhshrink, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "logit": torch.logit,
}
settings = {
    "leaky_relu": (F.leaky_relu, [[0.01], [-0.5], [1.5]]),
    "elu": (F.elu, [[1.0], [0.3], [-0.7]]),
    # PyTorch's own divides by α in single precision.
    "celu": (lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(x / alpha)), [[1.0], [0.3]]),
    "softplus_by": (lambda x, beta: F.softplus(x, beta, threshold=1e3), [[2.5]]),
    "soft_shrink": (F.softshrink, [[0.5], [0.0]]),
    "hard_shrink": (F.hardshrink, [[0.5], [0.0]]),
    "threshold": (F.threshold, [[0.5, -3.0], [-2.0, 0.0]]),
    "hard_tanh": (F.hardtanh, [[-1.0, 1.0], [-0.5, 2.0]]),
}
cases = []


def case(name, f, options=(), points=POINTS):
    x = torch.tensor(points, requires_grad=True)
    y = f(x, *options)
    (slope,) = torch.autograd.grad(y.sum(), x)
    cases.append({"name": name, "options": list(options), "x": points, "y": y.tolist(), "slope": slope.tolist()})


for name, f in functions.items():
    case(name, f, points=SHARES if name == "logit" else POINTS)
for name, (f, rows) in settings.items():
    for options in rows:
        case(name, f, options)


def layer(name, f, *inputs):
    """A function of tensors, and its gradients for a fixed weight of each result."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = f(*inputs)
    dy = ((torch.rand(y.shape) * 100).round() / 100).clone()
    gradients = torch.autograd.grad((y * dy).sum(), inputs)
    plain = lambda xs: [x.tolist() for x in xs]
    cases.append({"name": name, "inputs": plain(inputs), "y": y.tolist(), "dy": dy.tolist(), "gradients": plain(gradients)})


x = (torch.randn(2, 4, 3) * 100).round() / 100
layer("prelu", F.prelu, x, torch.tensor([0.25, -0.5, 1.5, 0.0]))
layer("prelu", F.prelu, x, torch.tensor([0.1]))
layer("glu", lambda x: F.glu(x, 1), x)
layer("swiglu", lambda x: x[:, :2] * F.silu(x[:, 2:]), x)
layer("geglu", lambda x: x[:, :2] * F.gelu(x[:, 2:]), x)
layer("reglu", lambda x: x[:, :2] * F.relu(x[:, 2:]), x)
layer("softmax", lambda x: F.softmax(x, -1), x)
layer("log_softmax", lambda x: F.log_softmax(x, -1), x)
layer("softmin", lambda x: F.softmin(x, -1), x)
layer("softmax of axis 1", lambda x: F.softmax(x, 1), x)
layer("log_softmax of axis 1", lambda x: F.log_softmax(x, 1), x)
layer("softmax of axes 0 and 2", lambda x: x.exp() / x.exp().sum((0, 2), keepdim=True), x)
layer("logsumexp of axes 0 and 2", lambda x: torch.logsumexp(x, (0, 2)), x)

text = ",\n".join(json.dumps(case) for case in cases)
(pathlib.Path(__file__).parent / "activations.json").write_text(f"[\n{text}\n]\n")
