"""Writes layers.json: results and gradients of PyTorch's normalisations, embeddings and products, in f64, with the leaves
called as they are here. Run with PyTorch 2: python layers.py"""

import json
import pathlib

import torch
from torch import nn
from torch.nn.utils import parametrizations

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
cases = {}


def numbers(*shape, low=-2.0, high=2.0):
    """Random numbers of few digits."""
    return (torch.rand(*shape) * (high - low) + low).mul(100).round().div(100)


def case(name, x, run, parameters, states=None, extra=None):
    """One case: the leaves by our paths, before and after a pass, and what comes of a weighted sum of the result."""
    states = states or {}
    if x.is_floating_point():
        x.requires_grad_(True)
    for value in [*parameters.values(), *(extra or {}).values()]:
        value.grad = None
    before = {path: state.clone() for path, state in states.items()}
    y = run(x)
    weights = numbers(*y.shape)
    (y * weights).sum().backward()
    cases[name] = {
        "x": x, "weights": weights, "y": y, "dx": x.grad,
        "parameters": {path: with_gradient(value) for path, value in parameters.items()},
        "states": {path: {"before": before[path], "after": state} for path, state in states.items()},
        **{key: with_gradient(value) for key, value in (extra or {}).items()},
    }


def with_gradient(value):
    """As they are now: later cases change them."""
    return {"value": value.detach().clone(), "gradient": value.grad.clone()}


def norm(name, layer, x, training=True):
    """A normalisation with other numbers than it starts with."""
    parameters, states = {}, {}
    for path in ("weight", "bias"):
        if getattr(layer, path, None) is not None:
            getattr(layer, path).data = numbers(*getattr(layer, path).shape)
            parameters[path] = getattr(layer, path)
    if getattr(layer, "running_mean", None) is not None:
        layer.running_mean = numbers(*layer.running_mean.shape)
        layer.running_var = numbers(*layer.running_var.shape, low=0.5)
    layer.train(training)
    run = layer
    if getattr(layer, "running_mean", None) is not None:
        states = {"running_mean": layer.running_mean, "running_variance": layer.running_var}
    case(name, x, run, parameters, states)


norm("batch_norm", nn.BatchNorm1d(3, momentum=0.3), numbers(2, 3, 2))
norm("batch_norm_evaluation", nn.BatchNorm2d(3), numbers(2, 3, 2, 1), training=False)
norm("batch_norm_untracked", nn.BatchNorm1d(2, track_running_stats=False), numbers(4, 2), training=False)
norm("instance_norm", nn.InstanceNorm1d(3), numbers(2, 3, 3))
norm("instance_norm_tracked", nn.InstanceNorm2d(2, affine=True, track_running_stats=True), numbers(2, 2, 2, 2))
norm("instance_norm_evaluation", nn.InstanceNorm1d(2, affine=True, track_running_stats=True), numbers(2, 2, 2), training=False)
norm("group_norm", nn.GroupNorm(2, 4), numbers(2, 4, 2))
norm("group_norm_plain", nn.GroupNorm(1, 4, eps=1e-3, affine=False), numbers(2, 4))
norm("layer_norm", nn.LayerNorm(4), numbers(2, 2, 4))
norm("layer_norm_two_axes", nn.LayerNorm([2, 3], bias=False), numbers(2, 2, 3))
norm("layer_norm_plain", nn.LayerNorm(3, elementwise_affine=False, eps=1e-3), numbers(2, 3))
norm("rms_norm", nn.RMSNorm(4, eps=1e-5), numbers(3, 4))
norm("rms_norm_two_axes", nn.RMSNorm([2, 3], eps=1e-2), numbers(2, 2, 3))
norm("local_response_norm", nn.LocalResponseNorm(3, alpha=0.7, beta=0.6, k=1.5), numbers(2, 5, 2))
norm("local_response_norm_even", nn.LocalResponseNorm(4, alpha=0.7, beta=0.6, k=1.5), numbers(1, 6, 1))


def weight_norm(name, layer, x, dim):
    layer.weight.data, layer.bias.data = numbers(*layer.weight.shape), numbers(*layer.bias.shape)
    layer = parametrizations.weight_norm(layer, dim=dim)
    scale, direction = layer.parametrizations.weight.original0, layer.parametrizations.weight.original1
    scale.data = numbers(*scale.shape) if scale.dim() else numbers(1)[0]
    case(name, x, layer, {"layer.weight": direction, "layer.bias": layer.bias, "scale": scale})


weight_norm("weight_norm", nn.Linear(3, 2), numbers(2, 3), 0)
weight_norm("weight_norm_of_kernels", nn.Conv1d(2, 3, 2), numbers(1, 2, 4), 0)
weight_norm("weight_norm_of_inputs", nn.Conv1d(2, 3, 2), numbers(1, 2, 4), 1)
weight_norm("weight_norm_whole", nn.Linear(3, 2), numbers(2, 3), None)
direction, bias, scale = (numbers(*shape).requires_grad_() for shape in [(3, 2, 2), (3,), (1, 2, 2)])
flux = lambda x: nn.functional.conv1d(x, scale * direction / direction.norm(dim=0, keepdim=True), bias)
case("weight_norm_of_flux", numbers(1, 2, 4), flux, {"layer.weight": direction, "layer.bias": bias, "scale": scale})


def spectral_norm(name, layer, x, dim, steps, training):
    layer.weight.data, layer.bias.data = numbers(*layer.weight.shape), numbers(*layer.bias.shape)
    layer = parametrizations.spectral_norm(layer, dim=dim, n_power_iterations=steps)
    state = layer.parametrizations.weight[0]
    with torch.no_grad():
        for vector in (state._u, state._v):
            vector.copy_(nn.functional.normalize(numbers(*vector.shape), dim=0))
    layer.train(training)
    parameters = {"layer.weight": layer.parametrizations.weight.original, "layer.bias": layer.bias}
    case(name, x, layer, parameters, {"left": state._u, "right": state._v})


spectral_norm("spectral_norm", nn.Linear(3, 2), numbers(2, 3), 0, 1, True)
spectral_norm("spectral_norm_of_kernels", nn.Conv1d(2, 3, 2), numbers(1, 2, 4), 0, 3, True)
spectral_norm("spectral_norm_of_inputs", nn.Conv1d(2, 3, 2), numbers(1, 2, 4), 1, 1, True)
spectral_norm("spectral_norm_evaluation", nn.Linear(3, 2), numbers(2, 3), 0, 1, False)

table = nn.Embedding(5, 3, padding_idx=1)
table.weight.data = numbers(5, 3)
case("embedding", torch.tensor([[0, 1, 4], [4, 1, 1]]), table, {"weight": table.weight})

words = torch.tensor([[0, 3, 4], [4, 4, 1]])
for mode in ("sum", "mean", "max"):
    table = nn.EmbeddingBag(5, 3, mode=mode)
    table.weight.data = numbers(5, 3)
    case(f"embedding_bag_{mode}", words, table, {"weight": table.weight})
    table.weight.data = numbers(5, 3)
    offsets = torch.tensor([0, 2, 2, 5])
    case(f"embedding_bag_{mode}_offsets", words.flatten(), lambda x: table(x, offsets), {"weight": table.weight})
factors = numbers(6).requires_grad_()
table = nn.EmbeddingBag(5, 3, mode="sum")
table.weight.data = numbers(5, 3)
run = lambda x: table(x, offsets, factors)
case("embedding_bag_factors", words.flatten(), run, {"weight": table.weight}, extra={"factors": factors})

product = nn.Bilinear(3, 2, 2)
product.weight.data, product.bias.data = numbers(2, 3, 2), numbers(2)
other = numbers(2, 2, 2).requires_grad_()
parameters = {"weight": product.weight, "bias": product.bias}
case("bilinear", numbers(2, 2, 3), lambda x: product(x, other), parameters, extra={"other": other})


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value


entry = lambda case: ",\n".join(f"  \"{key}\": {json.dumps(value)}" for key, value in case.items() if value != {})
text = ",\n".join(f" \"{name}\": {{\n{entry(case)}\n }}" for name, case in plain(cases).items())
(pathlib.Path(__file__).parent / "layers.json").write_text(f"{{\n{text}\n}}\n")
