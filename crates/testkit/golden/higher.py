"""Derivatives beyond the gradient, by torch.func in f64: python higher.py > higher.json

A small network and a small convolution, written in plain operations, so that the same lines stand in the test.
"""

import json

import torch
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)


def uniform(*shape):
    return torch.rand(shape) * 2 - 1


def rounded(x):
    """Inputs have few digits, so that they are the same in f32 and f64 up to its rounding."""
    return torch.round(x * 64) / 64


NETWORK = [rounded(uniform(*s)) for s in [(3, 4), (4,), (4, 2)]]
CONVOLUTION = [rounded(uniform(*s)) for s in [(2, 1, 3, 3), (2,)]]
X = rounded(uniform(5, 3))
IMAGES = rounded(uniform(4, 1, 5, 5))
LABELS = torch.tensor([0, 1, 1, 0, 1])


def network(p, x):
    return torch.tanh(x @ p[0] + p[1]) @ p[2]


def convolution(p, x):
    y = torch.nn.functional.conv2d(x, p[0], stride=2)
    return (torch.tanh(y) + p[1].reshape(1, 2, 1, 1)).mean((2, 3))


def loss(f):
    def cross_entropy(p, x, labels):
        return torch.nn.functional.cross_entropy(f(p, x), labels)

    return cross_entropy


def by_flat(f, p):
    """A function of all parameters as one vector."""
    shapes = [q.shape for q in p]

    def of_flat(flat):
        parts = torch.split(flat, [s.numel() for s in shapes])
        return f([q.reshape(s) for q, s in zip(parts, shapes)])

    return of_flat, torch.cat([q.reshape(-1) for q in p])


def case(f, p, x):
    labels = LABELS[: len(x)]
    rows = jacrev(lambda p: f(p, x))(p)
    for a, b in zip(rows, jacfwd(lambda p: f(p, x))(p)):
        assert torch.allclose(a, b)
    of_flat, flat = by_flat(lambda p: loss(f)(p, x, labels), p)
    h = hessian(of_flat)(flat)
    v = rounded(uniform(*flat.shape))
    hv = jvp(grad(of_flat), (flat,), (v,))[1]
    assert torch.allclose(hv, h @ v)
    one = lambda p, x, label: loss(f)(p, x[None], label[None])
    each = vmap(grad(one), (None, 0, 0))(p, x, labels)
    losses = vmap(one, (None, 0, 0))(p, x, labels)
    lists = lambda ts: [t.tolist() for t in ts]
    return {
        "parameters": lists(p),
        "x": x.tolist(),
        "labels": labels.tolist(),
        "y": f(p, x).tolist(),
        "jacobian": lists(rows),
        "jacobian_by_x": jacrev(lambda x: f(p, x))(x).tolist(),
        "hessian": h.tolist(),
        "v": v.tolist(),
        "hvp": hv.tolist(),
        "losses": losses.tolist(),
        "per_example": lists(each),
    }


cases = {"network": case(network, NETWORK, X), "convolution": case(convolution, CONVOLUTION, IMAGES)}
text = json.dumps(cases, separators=(",", ":"))
print(json.dumps(json.loads(text, parse_float=lambda s: float(f"{float(s):.14g}")), separators=(",", ":")))
