"""Writes attention.json and transformer.json: attention and transformer layers by PyTorch in f64, and positions by their formulas. Parameters and their
gradients are named by the paths they have in Tensorkeep. Run with PyTorch 2.5 or later: python attention.py"""

import json
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(9)
torch.set_default_dtype(torch.float64)


def short(*shape):
    return (torch.randn(*shape) * 0.7).round(decimals=3)


def leaf(*shape):
    return short(*shape).requires_grad_()


def attention_leaves(path, layer, grad):
    get = lambda p: p.grad if grad else p
    found = {}
    if layer.in_proj_weight is not None:
        weights = get(layer.in_proj_weight).chunk(3)
    else:
        weights = [get(p) for p in (layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight)]
    for name, weight in zip(["query", "key", "value"], weights):
        found[f"{path}{name}.weight"] = weight
    if layer.in_proj_bias is not None:
        for name, bias in zip(["query", "key", "value"], get(layer.in_proj_bias).chunk(3)):
            found[f"{path}{name}.bias"] = bias
        found[f"{path}output.bias"] = get(layer.out_proj.bias)
    found[f"{path}output.weight"] = get(layer.out_proj.weight)
    return found


def leaves(layer, grad):
    if isinstance(layer, nn.MultiheadAttention):
        return attention_leaves("", layer, grad)
    get = lambda p: p.grad if grad else p
    found = attention_leaves("attention.", layer.self_attn, grad)
    norms = ["attention_norm", "feed_forward_norm"]
    if hasattr(layer, "multihead_attn"):
        found |= attention_leaves("memory_attention.", layer.multihead_attn, grad)
        norms.insert(1, "memory_attention_norm")
    parts = {"feed_forward.expand": layer.linear1, "feed_forward.contract": layer.linear2}
    parts |= {name: getattr(layer, f"norm{i + 1}") for i, name in enumerate(norms)}
    for path, part in parts.items():
        found |= {f"{path}.weight": get(part.weight), f"{path}.bias": get(part.bias)}
    return found


def case(layer, inputs, run, extra=None):
    """The result, and its gradients when weighted, by inputs and parameters."""
    for p in layer.parameters() if layer else []:
        p.data = short(*p.shape)
    results = run(*inputs)
    y, *rest = results if isinstance(results, tuple) else (results,)
    weights = short(*y.shape)
    (y * weights).sum().backward()
    out = {"inputs": inputs, "y": y, "dy": weights, "rest": rest, "dinputs": [x.grad for x in inputs]}
    if layer:
        out |= {"parameters": leaves(layer, False), "gradients": leaves(layer, True)}
    return out | (extra or {})


def product(heads, key_heads, queries, keys, mask=None, **options):
    inputs = [leaf(2, heads, queries, 2), leaf(2, key_heads, keys, 2), leaf(2, key_heads, keys, 3)]
    run = lambda q, k, v: F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, enable_gqa=heads != key_heads, **options)
    name = "keep" if mask is not None and mask.dtype == torch.bool else "bias"
    return case(None, inputs, run, {name: mask} if mask is not None else {"causal": options.get("is_causal", False)})


keep = torch.tensor([[[[1, 0, 1, 1]], [[0, 1, 1, 0]]], [[[1, 1, 0, 0]], [[0, 0, 1, 1]]]], dtype=torch.bool)
blind = torch.tensor([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]], dtype=torch.bool)
padding = torch.tensor([[True, True, True], [True, True, False]])
upper = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)


def multi_head():
    one = nn.MultiheadAttention(4, 2, batch_first=True)
    masked = lambda x: one(x, x, x, key_padding_mask=~padding, attn_mask=upper, average_attn_weights=False)
    cases = {"self_causal_padded": case(one, [leaf(2, 3, 4)], masked, {"keep": padding[:, None, None, :]})}
    across = nn.MultiheadAttention(4, 2, bias=False, kdim=3, vdim=2, batch_first=True)
    run = lambda q, k, v: across(q, k, v, average_attn_weights=False)
    cases["across_unbiased"] = case(across, [leaf(2, 3, 4), leaf(2, 2, 3), leaf(2, 2, 2)], run)
    return cases


def transformers():
    cases = {}
    options = {"dropout": 0.0, "batch_first": True}
    for norm_first in [False, True]:
        name = "first" if norm_first else "last"
        layer = nn.TransformerEncoderLayer(4, 2, 5, norm_first=norm_first, activation="gelu", **options)
        run = lambda x: layer(x, src_key_padding_mask=~padding)
        cases[f"encoder_norm_{name}"] = case(layer, [leaf(2, 3, 4)], run, {"keep": padding[:, None, None, :]})
        decoder = nn.TransformerDecoderLayer(4, 2, 5, norm_first=norm_first, **options)
        run = lambda x, memory: decoder(x, memory, tgt_mask=upper, memory_key_padding_mask=~padding)
        inputs = [leaf(2, 3, 4), leaf(2, 3, 4)]
        cases[f"decoder_norm_{name}"] = case(decoder, inputs, run, {"keep": padding[:, None, None, :]})
    return cases


def rotary():
    """By complex numbers: pair (a, b) at position p is (a + ib) exp(i p base^(-2i / width))."""
    x, start, width = short(2, 3, 6), 5, 4
    rates = 10000.0 ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(start, start + 3)[:, None] * rates
    turn = torch.polar(torch.ones_like(angles), angles)
    pairs = torch.view_as_complex(x[..., :width].reshape(2, 3, 2, 2).contiguous())
    interleaved = torch.view_as_real(pairs * turn).flatten(-2)
    halves = torch.complex(x[..., :2], x[..., 2:4]) * turn
    half_split = torch.cat([halves.real, halves.imag], -1)
    rest = x[..., width:]
    return {"x": x, "start": start, "width": width, "interleaved": torch.cat([interleaved, rest], -1),
            "half_split": torch.cat([half_split, rest], -1)}


def sinusoidal(start, length, features):
    wave = lambda p, i: (math.sin if i % 2 == 0 else math.cos)(p / 10000.0 ** ((i - i % 2) / features))
    return {"start": start, "y": [[wave(p, i) for i in range(features)] for p in range(start, start + length)]}


cases = {
    "products": {
        "plain": product(2, 2, 3, 4),
        "causal": product(2, 2, 4, 4, is_causal=True),
        "grouped": product(4, 2, 3, 4),
        "grouped_causal": product(4, 2, 3, 3, is_causal=True),
        "keep": product(2, 2, 3, 4, keep),
        "grouped_bias": product(2, 1, 3, 4, short(3, 4)),
        "a_query_that_sees_nothing": product(2, 2, 3, 4, blind),
    },
    "multi_head": multi_head(),
    "rotary": rotary(),
    "sinusoidal": sinusoidal(2, 3, 6),
}


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def text(value, depth):
    """JSON with a line for each array."""
    if isinstance(value, dict) and value:
        inner = ",\n".join(f"{' ' * (depth + 1)}{json.dumps(key)}: {text(item, depth + 1)}" for key, item in value.items())
        return f"{{\n{inner}\n{' ' * depth}}}"
    return json.dumps(value)


for name, content in {"attention": cases, "transformer": transformers()}.items():
    (pathlib.Path(__file__).parent / f"{name}.json").write_text(text(plain(content), 0) + "\n")
