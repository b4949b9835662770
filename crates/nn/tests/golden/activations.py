"""Writes activations.json: PyTorch's activations, and every function that files may name. Run with PyTorch 2: python activations.py

What PyTorch lacks is its formula in PyTorch's operations: there, the slopes are what is independent.
"""

import torch
import torch.nn.functional as F

from cases import Cases, numbers, ones

cases = Cases(seed=6)

# Ordinary and large numbers, and 0, where many have a kink.
POINTS = [-30.0, -7.5, -3.5, -2.0, -1.0, -0.6, -0.5, -0.3, -1e-3, 0.0, 1e-3, 0.25, 0.5, 0.8, 1.0, 2.0, 2.75, 4.0, 6.5, 30.0]
SHARES = [0.01, 0.25, 0.5, 0.75, 0.99]
POSITIVE = [1e-3, 0.25, 0.5, 1.0, 2.75, 30.0]
functions = {
    "relu": F.relu, "relu6": F.relu6, "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "swish": F.silu,
    "hard_swish": F.hardswish, "hard_sigmoid": lambda x: F.relu6(x + 3) / 6, "log_sigmoid": F.logsigmoid,
    "softplus": lambda x: F.softplus(x, threshold=1e3), "softsign": F.softsign, "selu": F.selu, "mish": F.mish,
    "lisht": lambda x: x * x.tanh(), "log_cosh": lambda x: torch.logaddexp(x, -x) - torch.tensor(2.0).log(),
    "tanh_shrink": F.tanhshrink, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
    "neg": torch.neg, "abs": torch.abs, "sign": torch.sign, "exp": torch.exp, "expm1": torch.expm1, "sin": torch.sin,
    "cos": torch.cos, "tan": torch.tan, "erf": torch.erf, "floor": torch.floor, "ceil": torch.ceil, "round": torch.round,
}
positive = {
    "recip": torch.reciprocal, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "log": torch.log, "log1p": torch.log1p, "logit": torch.logit,
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


def case(name, f, options=(), points=POINTS):
    """Slopes, unweighted: neighbours differ by orders of magnitude."""
    cases.add(name, lambda x: f(x, *options), [torch.tensor(points)], settings={"options": list(options)}, weights=ones)


for name, f in functions.items():
    # By 30 the exponential has left no digits for the others.
    case(name, f, points=POINTS[1:-1] if name in ("exp", "expm1") else POINTS)
for name, f in positive.items():
    case(name, f, points=SHARES if name == "logit" else POSITIVE)
for name, (f, rows) in settings.items():
    for options in rows:
        case(name, f, options)

x = numbers(2, 4, 3)
for name, slope in {"prelu of channels": [0.25, -0.5, 1.5, 0.0], "prelu": [0.1]}.items():
    slope = torch.tensor(slope)
    cases.add(name, lambda x: F.prelu(x, slope), [x], parameters={"slope": slope})
gates = {"glu": torch.sigmoid, "swiglu": F.silu, "geglu": F.gelu, "geglu_tanh": lambda x: F.gelu(x, approximate="tanh"),
         "reglu": F.relu, "bilinear": lambda x: x}
for name, gate in gates.items():
    cases.add(name, lambda x: x[:, :2] * gate(x[:, 2:]), [x])
rows = {
    "softmax": lambda x: F.softmax(x, -1), "log_softmax": lambda x: F.log_softmax(x, -1), "softmin": lambda x: F.softmin(x, -1),
    "softmax of axis 1": lambda x: F.softmax(x, 1), "log_softmax of axis 1": lambda x: F.log_softmax(x, 1),
    "softmax of axes 0 and 2": lambda x: x.exp() / x.exp().sum((0, 2), keepdim=True),
    "logsumexp of axes 0 and 2": lambda x: torch.logsumexp(x, (0, 2)),
}
for name, f in rows.items():
    cases.add(name, f, [x])
cases.write("activations")
