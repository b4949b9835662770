"""What the scripts in this folder share: how a case is made, and how cases are written. It writes nothing by itself.

A case is what PyTorch makes in f64 of a function of inputs, constants, parameters and states, and its gradients of the sum of the
results times fixed weights:

    inputs      each with its gradient
    constants   what has no gradient: indices, masks, targets
    parameters  by the paths that they have in Tensorkeep, each with its gradient
    states      by path, before and after one pass
    results     each with its weight, or null where it takes no part in the sum
    settings    what else a row needs to know
"""

import json
import math
import pathlib

import torch

torch.set_default_dtype(torch.float64)


def numbers(*shape, low=-2.0, high=2.0):
    """Random numbers of few digits."""
    return (torch.rand(*shape) * (high - low) + low).mul(100).round().div(100)


def normal(*shape, scale=0.7):
    """Normal numbers of few digits."""
    return (torch.randn(*shape) * scale).round(decimals=3)


def ones(*shape):
    """Weights that change nothing."""
    return torch.ones(shape)


def distinct(shape, k):
    """Numbers of either sign, no two of them equal among 97 that follow each other, for what has ties."""
    i = torch.arange(math.prod(shape))
    return (((37 * i + 101 * (k + 1)) % 97 - 48) / 16).to(torch.float64).reshape(shape)


def module(layer, draw=numbers, prefix="", **rename):
    """The parameters of a PyTorch module by path, with other numbers than it starts with."""
    found = {}
    for path, parameter in layer.named_parameters():
        parameter.data = draw(*parameter.shape)
        found[prefix + rename.get(path, path)] = parameter
    return found


class Cases:
    def __init__(self, seed):
        torch.manual_seed(seed)
        self.cases = {}

    def add(self, name, run, inputs=(), constants=(), parameters=None, states=None, settings=None, weighed=None, weights=numbers):
        """One case. `parameters` are tensors by path, or a function that finds such with `get`, which takes a parameter to its value or
        its gradient. `weighed` says which results take part in the sum, all unless given. Of one name there may be several."""
        inputs = [x.detach().clone().requires_grad_() for x in inputs]
        find = parameters if callable(parameters) else lambda get: {path: get(p) for path, p in (parameters or {}).items()}
        find(lambda p: p.requires_grad_().__setattr__("grad", None) or p)
        before = {path: state.detach().clone() for path, state in (states or {}).items()}
        results = run(*inputs, *constants)
        results = list(results) if isinstance(results, (tuple, list)) else [results]
        factors = [weights(*y.shape) if chosen else None for y, chosen in zip(results, weighed or [True] * len(results))]
        sum((y * w).sum() for y, w in zip(results, factors) if w is not None).backward()
        slope = lambda p: torch.zeros_like(p) if p.grad is None else p.grad
        values, slopes = find(lambda p: p), find(slope)
        case = {
            "inputs": [[x, slope(x)] for x in inputs],
            "constants": list(constants),
            "parameters": {path: [values[path], slopes[path]] for path in values},
            "states": {path: [before[path], state] for path, state in (states or {}).items()},
            "results": [[y, w] for y, w in zip(results, factors)],
            "settings": settings or {},
        }
        count = sum(1 for each in self.cases if each.split(" (")[0] == name)
        # Plain now: later cases may change what it was made of.
        self.cases[f"{name} ({count + 1})" if count else name] = {key: plain(value) for key, value in case.items() if value}

    def write(self, name):
        dump = lambda value: json.dumps(value, separators=(",", ":"))
        text = ",\n".join(f"{json.dumps(name)}:{dump(case)}" for name, case in self.cases.items())
        (pathlib.Path(__file__).parent / f"{name}.json").write_text(f"{{\n{text}\n}}\n")


def plain(value):
    if isinstance(value, torch.Tensor):
        return plain(value.detach().tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        # Sixteen digits, of which sums of few-digit numbers need fewer; what is not finite is a word.
        return float(f"{value:.16g}") if math.isfinite(value) else str(value)
    return value
