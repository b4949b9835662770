"""Writes layers.json: dense layers, normalisations, embeddings, products and scalers by PyTorch. Run with PyTorch 2: python layers.py"""

import torch
from torch import nn
from torch.nn.utils import parametrizations

from cases import Cases, distinct, module, numbers

cases = Cases(seed=7)

for name, shape in [("dense", (5, 3)), ("dense_of_stack", (2, 2, 3))]:
    dense = nn.Linear(3, 2)
    cases.add(name, dense, [numbers(*shape)], parameters=module(dense))
dense = nn.Linear(3, 2, bias=False)
cases.add("dense_unbiased", dense, [numbers(2, 3)], parameters=module(dense))
weight, bias = numbers(2, 1, 3), numbers(2, 1, 3)
scale = lambda x: x * weight + bias
cases.add("scale", scale, [numbers(2, 2, 2, 3)], parameters={"weight": weight, "bias": bias})
cases.add("scale_unbiased", lambda x: x * weight, [numbers(2, 2, 3)], parameters={"weight": weight})
cases.add("flatten", nn.Flatten(), [numbers(2, 2, 1, 3)])

# What is random is compared where it is not: in evaluation, and where all is dropped.
cases.add("dropout_evaluation", nn.Dropout(0.4).eval(), [numbers(2, 3)])
cases.add("dropout_of_all", nn.Dropout(1.0), [numbers(2, 3)])
cases.add("alpha_dropout_evaluation", nn.AlphaDropout(0.4).eval(), [numbers(2, 3)])
cases.add("rrelu_evaluation", nn.RReLU(0.125, 0.5).eval(), [numbers(2, 5)])


def norm(name, layer, x, training=True):
    parameters, states = module(layer), {}
    if getattr(layer, "running_mean", None) is not None:
        layer.running_mean = numbers(*layer.running_mean.shape)
        layer.running_var = numbers(*layer.running_var.shape, low=0.5)
        states = {"running_mean": layer.running_mean, "running_variance": layer.running_var}
    cases.add(name, layer.train(training), [x], parameters=parameters, states=states)


norm("batch_norm", nn.BatchNorm1d(3, momentum=0.3), numbers(2, 3, 2))
norm("batch_norm_of_rows", nn.BatchNorm1d(2), numbers(5, 2))
norm("batch_norm_of_volumes", nn.BatchNorm3d(2, affine=False), numbers(2, 2, 2, 1, 2))
norm("batch_norm_evaluation", nn.BatchNorm2d(3), numbers(2, 3, 2, 1), training=False)
norm("batch_norm_untracked", nn.BatchNorm1d(2, track_running_stats=False), numbers(4, 2), training=False)
norm("instance_norm", nn.InstanceNorm1d(3), numbers(2, 3, 3))
norm("instance_norm_plain_evaluation", nn.InstanceNorm1d(3), numbers(2, 3, 3), training=False)
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
    layer = parametrizations.weight_norm(layer, dim=dim)
    names = {"original0": "scale", "original1": "layer.weight", "bias": "layer.bias"}
    parameters = {}
    for path, parameter in layer.named_parameters():
        parameter.data = numbers(*parameter.shape) if parameter.dim() else numbers(1)[0]
        parameters[names[path.rsplit(".")[-1]]] = parameter
    cases.add(name, layer, [x], parameters=parameters)


weight_norm("weight_norm", nn.Linear(3, 2), numbers(2, 3), 0)
weight_norm("weight_norm_of_kernels", nn.Conv1d(2, 3, 2), numbers(1, 2, 4), 0)
weight_norm("weight_norm_of_inputs", nn.Conv1d(2, 3, 2), numbers(1, 2, 4), 1)
weight_norm("weight_norm_whole", nn.Linear(3, 2), numbers(2, 3), None)
direction, bias, scale = (numbers(*shape) for shape in [(3, 2, 2), (3,), (1, 2, 2)])
flux = lambda x: nn.functional.conv1d(x, scale * direction / direction.norm(dim=0, keepdim=True), bias)
cases.add("weight_norm_of_flux", flux, [numbers(1, 2, 4)],
          parameters={"layer.weight": direction, "layer.bias": bias, "scale": scale})


def spectral_norm(name, layer, x, dim, steps, training):
    layer.weight.data, layer.bias.data = numbers(*layer.weight.shape), numbers(*layer.bias.shape)
    layer = parametrizations.spectral_norm(layer, dim=dim, n_power_iterations=steps)
    state = layer.parametrizations.weight[0]
    with torch.no_grad():
        for vector in (state._u, state._v):
            vector.copy_(nn.functional.normalize(numbers(*vector.shape), dim=0))
    parameters = {"layer.weight": layer.parametrizations.weight.original, "layer.bias": layer.bias}
    cases.add(name, layer.train(training), [x], parameters=parameters, states={"left": state._u, "right": state._v})


spectral_norm("spectral_norm", nn.Linear(3, 2), numbers(2, 3), 0, 1, True)
spectral_norm("spectral_norm_of_kernels", nn.Conv1d(2, 3, 2), numbers(1, 2, 4), 0, 3, True)
spectral_norm("spectral_norm_of_inputs", nn.Conv1d(2, 3, 2), numbers(1, 2, 4), 1, 1, True)
spectral_norm("spectral_norm_evaluation", nn.Linear(3, 2), numbers(2, 3), 0, 1, False)

table = nn.Embedding(5, 3, padding_idx=1)
cases.add("embedding", table, constants=[torch.tensor([[0, 1, 4], [4, 1, 1]])], parameters=module(table))
table = nn.Embedding(4, 2)
cases.add("embedding_unpadded", table, constants=[torch.tensor([3, 0, 3])], parameters=module(table))
words = torch.tensor([[0, 3, 4], [4, 4, 1]])
offsets = torch.tensor([0, 2, 2, 5])
for mode in ("sum", "mean", "max"):
    table = nn.EmbeddingBag(5, 3, mode=mode)
    # The greatest of equal vectors is as good as any: none are equal.
    parameters = module(table, draw=lambda *shape: distinct(shape, 2))
    cases.add(f"embedding_bag_{mode}", table, constants=[words], parameters=parameters)
    cases.add(f"embedding_bag_{mode}_offsets", lambda x: table(x, offsets), constants=[words.flatten()], parameters=parameters)
table = nn.EmbeddingBag(5, 3, mode="sum")
cases.add("embedding_bag_factors", lambda factors, x: table(x, offsets, factors), [numbers(6)], [words.flatten()], module(table))

product = nn.Bilinear(3, 2, 2)
cases.add("bilinear", product, [numbers(2, 2, 3), numbers(2, 2, 2)], parameters=module(product))
product = nn.Bilinear(2, 2, 3, bias=False)
cases.add("bilinear_of_itself", lambda x: product(x, x), [numbers(3, 2)], parameters=module(product))

# Fitted to the first, used on the second, and back: the deviation divides by n.
data, mean, deviation = numbers(7, 3), lambda x: x.mean(0), lambda x: x.std(0, correction=0)
standardise = lambda x, fitted: ((x - mean(fitted)) / deviation(fitted), x * deviation(fitted) + mean(fitted))
cases.add("standardise", standardise, [numbers(2, 3)], [data])
least, span = lambda x: x.amin(0), lambda x: x.amax(0) - x.amin(0)
min_max = lambda x, fitted: (
    (x - least(fitted)) / span(fitted) * 3 - 1, (x + 1) / 3 * span(fitted) + least(fitted))
cases.add("min_max", min_max, [numbers(2, 3)], [data])

# Behind the others, whose numbers were drawn already. Running statistics that are plain means go from batch to batch.
layer = nn.BatchNorm1d(3, momentum=None)
parameters = module(layer)
states = {"running_mean": layer.running_mean, "running_variance": layer.running_var, "batches": layer.num_batches_tracked}
for _ in range(4):
    cases.add("batch_norm_cumulative", layer, [numbers(4, 3, 2)], parameters=parameters, states=states)
cases.add("batch_norm_cumulative_evaluation", layer.eval(), [numbers(2, 3)], parameters=parameters, states=states)

# The last bag but one is of padding alone; all vectors are negative, so that a largest of 0 would be seen.
words = torch.tensor([[0, 1, 4], [4, 4, 2], [1, 1, 1], [3, 1, 1]])
flat, offsets = torch.tensor([0, 1, 4, 4, 1, 1, 3, 1]), torch.tensor([0, 3, 3, 4, 6])
negative = lambda *shape: distinct(shape, 2) - 3.0625
for mode in ("sum", "mean", "max"):
    table = nn.EmbeddingBag(5, 3, mode=mode, padding_idx=1)
    parameters = module(table, draw=negative)
    cases.add(f"embedding_bag_{mode}_padded", table, constants=[words], parameters=parameters)
    cases.add(f"embedding_bag_{mode}_padded_offsets", lambda x: table(x, offsets), constants=[flat], parameters=parameters)
table = nn.EmbeddingBag(5, 3, mode="sum", padding_idx=1)
parameters = module(table, draw=negative)
cases.add("embedding_bag_factors_padded", lambda factors, x: table(x, offsets, factors), [numbers(8)], [flat], parameters)
cases.write("layers")
