"""Writes bags_and_batches.json: PyTorch's bags with an index of padding, and batch normalisation whose running statistics
are plain averages, in f64. Run with PyTorch 2: python bags_and_batches.py"""

import json
import pathlib

import torch
from torch import nn

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
cases = {}


def numbers(*shape, low=-2.0, high=2.0):
    """Random numbers of few digits."""
    return (torch.rand(*shape) * (high - low) + low).mul(100).round().div(100)


def bag(name, table, words, *more):
    """The last bag but one is of padding alone; weights are negative, so that a largest of 0 would be seen."""
    table.weight.data = numbers(5, 3, low=-2.0, high=-0.1)
    table.weight.grad = None
    y = table(words, *more)
    weights = numbers(*y.shape)
    (y * weights).sum().backward()
    factors = more[1] if len(more) > 1 else None
    cases[name] = {
        "x": words, "weight": table.weight.detach().clone(), "weights": weights, "y": y, "gradient": table.weight.grad.clone(),
    }
    if factors is not None:
        cases[name] |= {"factors": factors.detach().clone(), "dfactors": factors.grad.clone()}


words = torch.tensor([[0, 1, 4], [4, 4, 2], [1, 1, 1], [3, 1, 1]])
flat, offsets = torch.tensor([0, 1, 4, 4, 1, 1, 3, 1]), torch.tensor([0, 3, 3, 4, 6])
for mode in ("sum", "mean", "max"):
    table = nn.EmbeddingBag(5, 3, mode=mode, padding_idx=1)
    bag(mode, table, words)
    bag(f"{mode}_offsets", table, flat, offsets)
table = nn.EmbeddingBag(5, 3, mode="sum", padding_idx=1)
bag("factors", table, flat, offsets, numbers(8).requires_grad_())

layer = nn.BatchNorm1d(3, momentum=None)
batches = []
for _ in range(4):
    x = numbers(4, 3, 2)
    layer(x)
    batches.append({
        "x": x, "mean": layer.running_mean.clone(), "variance": layer.running_var.clone(),
        "count": int(layer.num_batches_tracked),
    })
layer.eval()
x = numbers(2, 3)
cases["batches"] = {"batches": batches, "x": x, "y": layer(x)}


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


entry = lambda case: ",\n".join(f"  \"{key}\": {json.dumps(value)}" for key, value in case.items())
text = ",\n".join(f" \"{name}\": {{\n{entry(case)}\n }}" for name, case in plain(cases).items())
(pathlib.Path(__file__).parent / "bags_and_batches.json").write_text(f"{{\n{text}\n}}\n")
