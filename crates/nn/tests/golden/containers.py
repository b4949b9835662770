"""Writes containers.json: layers beside, around and after each other, composed in PyTorch. Run with PyTorch 2: python containers.py"""

import torch
from torch import nn

from cases import Cases, module, numbers

cases = Cases(seed=8)
dense = lambda inputs, outputs: nn.Linear(inputs, outputs)


def of(name, layers, run, *inputs):
    """A case of dense layers by their names."""
    parameters = {}
    for path, layer in layers.items():
        parameters |= module(layer, prefix=f"{path}.")
    cases.add(name, run, list(inputs), parameters=parameters)


merges = {
    "add": lambda y: y[0] + y[1], "mul": lambda y: y[0] * y[1], "mean": lambda y: (y[0] + y[1]) / 2,
    "max": lambda y: torch.maximum(y[0], y[1]), "concat": lambda y: torch.cat(y, 1),
}
for name, merge in merges.items():
    a, b = dense(3, 2), dense(3, 2)
    of(f"parallel_{name}", {"0": a, "wide.0": b}, lambda x: merge([a(x), b(x).tanh()]), numbers(4, 3))
    square = dense(2, 2)
    of(f"skip_connection_{name}", {"layer": square}, lambda x: merge([square(x), x]), numbers(4, 2))
a, b = dense(3, 2), dense(4, 2)
of("parallel_of_pairs", {"0": a, "1": b}, lambda x, y: a(x) + b(y), numbers(2, 3), numbers(2, 4))
layers = [dense(3, 2) for _ in range(3)]
of("maxout", {str(i): layer for i, layer in enumerate(layers)},
   lambda x: torch.stack([layer(x) for layer in layers]).amax(0), numbers(4, 3))
first, second = dense(2, 2), dense(2, 2)
of("pairwise_fusion", {"0": first, "1": second}, lambda x: second(first(x) + x), numbers(3, 2))
third, fourth = dense(3, 2), dense(2, 4)


def fused(x, y):
    one = third(x)
    return one, fourth(one * y)


of("pairwise_fusion_of_pairs", {"0": third, "1": fourth}, fused, numbers(3, 3), numbers(3, 2))
for name in ("sequential", "tuple", "vector", "checkpointed"):
    one, two = dense(3, 4), dense(4, 2)
    first, last = ("0", "head") if name == "sequential" else ("0", "2")
    of(name, {first: one, last: two}, lambda x: two(one(x).tanh()), numbers(4, 3))
cases.write("containers")
