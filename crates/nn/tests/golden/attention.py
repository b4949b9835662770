"""Writes attention.json, transformer.json and stacks.json: attention, positions and transformers by PyTorch. Run with PyTorch 2.5 or later:
python attention.py

Where PyTorch has no such module, positions above all, their formulas stand here in its operations.
"""

import torch
from torch import nn
from torch.nn import functional as F

from cases import Cases, module, normal


def heads(layer, get, path=""):
    """The parameters of an attention at a path: PyTorch has those of the three projections in one."""
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


def leaves(layer, get, path=""):
    """The parameters of a transformer's layer, or of layers and a norm, at a path."""
    if isinstance(layer, nn.MultiheadAttention):
        return heads(layer, get, path)
    if hasattr(layer, "layers"):
        found = {}
        for i, each in enumerate(layer.layers):
            found |= leaves(each, get, f"{path}layers.{i}.")
        return found | {f"{path}norm.weight": get(layer.norm.weight), f"{path}norm.bias": get(layer.norm.bias)}
    found = heads(layer.self_attn, get, f"{path}attention.")
    norms = ["attention_norm", "feed_forward_norm"]
    if hasattr(layer, "multihead_attn"):
        found |= heads(layer.multihead_attn, get, f"{path}memory_attention.")
        norms.insert(1, "memory_attention_norm")
    parts = {"feed_forward.expand": layer.linear1, "feed_forward.contract": layer.linear2}
    parts |= {name: getattr(layer, f"norm{i + 1}") for i, name in enumerate(norms)}
    for name, part in parts.items():
        found |= {f"{path}{name}.weight": get(part.weight), f"{path}{name}.bias": get(part.bias)}
    return found


def case(cases, name, layer, run, inputs, constants=(), extra=None):
    """A case of a layer, and of further parameters by path."""
    for p in layer.parameters():
        p.data = normal(*p.shape)
    more = extra or {}
    find = lambda get: {path: get(p) for path, p in more.items()} | leaves(layer, get, "blocks." if extra else "")
    cases.add(name, run, inputs, constants, parameters=find, weights=normal)


cases = Cases(seed=9)
padding = torch.tensor([[True, True, True], [True, True, False]])
upper = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
keep = torch.tensor([[[[1, 0, 1, 1]], [[0, 1, 1, 0]]], [[[1, 1, 0, 0]], [[0, 0, 1, 1]]]], dtype=torch.bool)
blind = torch.tensor([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]], dtype=torch.bool)


def product(name, heads, key_heads, queries, keys, mask=None, causal=False):
    inputs = [normal(2, heads, queries, 2), normal(2, key_heads, keys, 2), normal(2, key_heads, keys, 3)]
    bias = mask is not None and mask.dtype != torch.bool
    run = lambda q, k, v, mask=None: F.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, enable_gqa=heads != key_heads, is_causal=causal)
    # A bias has a gradient too.
    cases.add(name, run, inputs + [mask] * bias, [] if mask is None or bias else [mask], weights=normal)


product("product", 2, 2, 3, 4)
product("product, causal", 2, 2, 4, 4, causal=True)
product("product, grouped", 4, 2, 3, 4)
product("product, grouped, causal", 4, 2, 3, 3, causal=True)
product("product, masked", 2, 2, 3, 4, keep)
product("product, grouped, biased", 2, 1, 3, 4, normal(3, 4))
product("product, masked, a query that sees nothing", 2, 2, 3, 4, blind)

one = nn.MultiheadAttention(4, 2, batch_first=True)
masked = lambda x, keep: one(x, x, x, key_padding_mask=~keep[:, 0, 0], attn_mask=upper, average_attn_weights=False)
case(cases, "heads, causal, masked", one, masked, [normal(2, 3, 4)], [padding[:, None, None]])
across = nn.MultiheadAttention(4, 2, bias=False, kdim=3, vdim=2, batch_first=True)
run = lambda q, k, v: across(q, k, v, average_attn_weights=False)
case(cases, "heads, across, unbiased", across, run, [normal(2, 3, 4), normal(2, 2, 3), normal(2, 2, 2)])


def turned(x, start, width, interleaved=False):
    """By complex numbers: pair (a, b) at position p is (a + ib) exp(i p base^(-2i / width))."""
    rates = 10000.0 ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(start, start + x.shape[-2])[:, None] * rates
    turn = torch.polar(torch.ones_like(angles), angles)
    if interleaved:
        pairs = torch.view_as_complex(x[..., :width].unflatten(-1, (-1, 2)).contiguous())
        y = torch.view_as_real(pairs * turn).flatten(-2)
    else:
        y = torch.complex(x[..., : width // 2].contiguous(), x[..., width // 2 : width].contiguous()) * turn
        y = torch.cat([y.real, y.imag], -1)
    return torch.cat([y, x[..., width:]], -1)


cases.add("turned in halves", lambda x: turned(x, 5, 4), [normal(2, 3, 6)], weights=normal)
cases.add("turned in pairs", lambda x: turned(x, 5, 4, interleaved=True), [normal(2, 3, 6)], weights=normal)


def waves(start, length, features):
    """Vaswani et al., 2017, arXiv:1706.03762, section 3.5."""
    angles = torch.arange(start, start + length)[:, None] / 10000.0 ** (torch.arange(0, features, 2) / features)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(-2)


cases.add("sinusoidal", lambda x: x + waves(2, 3, 6), [normal(2, 3, 6)], weights=normal)
table = normal(5, 4)
cases.add("learned", lambda x: x + table[2:], [normal(2, 3, 4)], parameters={"weight": table}, weights=normal)


def attend(layer, x):
    """Causal self-attention of two heads, whose queries and keys are turned."""
    q, k, v = F.linear(x, layer.in_proj_weight, layer.in_proj_bias).unflatten(-1, (3, 2, -1)).permute(2, 0, 3, 1, 4)
    y = F.scaled_dot_product_attention(turned(q, 0, 2), turned(k, 0, 2), v, is_causal=True)
    return layer.out_proj(y.transpose(1, 2).flatten(2))


turning = nn.MultiheadAttention(4, 2, batch_first=True)
case(cases, "heads, causal, turned", turning, lambda x: attend(turning, x), [normal(2, 3, 4)])
cases.write("attention")

cases = Cases(seed=10)
options = {"dropout": 0.0, "batch_first": True}
dense = nn.Sequential(nn.Linear(3, 5), nn.GELU(), nn.Linear(5, 3))
names = {"0.weight": "expand.weight", "0.bias": "expand.bias", "2.weight": "contract.weight", "2.bias": "contract.bias"}
cases.add("feed_forward", dense, [normal(2, 2, 3)], parameters=module(dense, normal, **names), weights=normal)
for norm_first in [False, True]:
    place = "first" if norm_first else "last"
    encoder = nn.TransformerEncoderLayer(4, 2, 5, norm_first=norm_first, activation="gelu", **options)
    run = lambda x, keep: encoder(x, src_key_padding_mask=~keep[:, 0, 0])
    case(cases, f"encoder_layer_norm_{place}", encoder, run, [normal(2, 3, 4)], [padding[:, None, None]])
    decoder = nn.TransformerDecoderLayer(4, 2, 5, norm_first=norm_first, **options)
    run = lambda x, memory, keep: decoder(x, memory, tgt_mask=upper, memory_key_padding_mask=~keep[:, 0, 0])
    case(cases, f"decoder_layer_norm_{place}", decoder, run, [normal(2, 3, 4), normal(2, 3, 4)], [padding[:, None, None]])
cases.write("transformer")

cases = Cases(seed=11)
layer = nn.TransformerEncoderLayer(4, 2, 3, norm_first=True, **options)
stack = nn.TransformerEncoder(layer, 2, nn.LayerNorm(4), enable_nested_tensor=False)
case(cases, "encoder", stack, lambda x: stack(x), [normal(1, 3, 4)])
layer = nn.TransformerDecoderLayer(4, 2, 3, norm_first=True, **options)
both = nn.TransformerDecoder(layer, 2, nn.LayerNorm(4))
case(cases, "decoder", both, lambda x, memory: both(x, memory, tgt_mask=upper), [normal(1, 3, 4), normal(1, 2, 4)])

tokens = torch.tensor([[3, 1, 2], [0, 3, 3]])
gelu = lambda x: F.gelu(x, approximate="tanh")
layer = nn.TransformerEncoderLayer(4, 2, 16, norm_first=True, activation=gelu, **options)
blocks = nn.TransformerEncoder(layer, 1, nn.LayerNorm(4), enable_nested_tensor=False)
table, places, output = normal(4, 4), normal(5, 4), normal(4, 4)
# Tied: the vectors of the tokens make the logits too.
run = lambda tokens: blocks(table[tokens] + places[:3], mask=upper) @ table.T
case(cases, "gpt", blocks, run, [], [tokens], {"tokens.weight": table, "positions.weight": places})


def turned_block(tokens):
    x, block = table[tokens], blocks.layers[0]
    x = x + attend(block.self_attn, block.norm1(x))
    x = x + block.linear2(gelu(block.linear1(block.norm2(x))))
    return blocks.norm(x) @ output.T


case(cases, "gpt, turned", blocks, turned_block, [], [tokens], {"tokens.weight": table, "output.weight": output})
cases.write("stacks")
