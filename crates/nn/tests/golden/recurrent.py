"""Writes recurrent.json: recurrent layers by PyTorch, and layers of two stacked both ways over packed sequences. Run with PyTorch 2:
python recurrent.py

The cells of Tensorkeep have one bias where PyTorch has a sum of two: there, the second is zero.
"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from cases import Cases, normal

cases = Cases(seed=5)
LENGTHS = [4, 1, 3]


def leaves(layer, prefixes):
    """The parameters of the cells at these paths, in PyTorch's order."""
    found, each = {}, 4 if layer.bias else 2
    parameters = list(layer.parameters())
    for i, prefix in enumerate(prefixes):
        names = ["input", "hidden", "input_bias", "hidden_bias"]
        if not isinstance(layer, nn.GRU):
            names = ["input", "hidden", "bias", None]
        for name, parameter in zip(names, parameters[each * i : each * (i + 1)]):
            parameter.data = normal(*parameter.shape) if name else torch.zeros_like(parameter)
            if name:
                found[prefix + name] = parameter
    return found


def states(layer, batch):
    """The first states of each layer and direction: one, or those of the hidden features and of the cell."""
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    return [normal(count, batch, layer.hidden_size) for _ in range(2 if isinstance(layer, nn.LSTM) else 1)]


def flat(y, last):
    return (y, *last) if isinstance(last, tuple) else (y, last)


def one(name, layer):
    """A layer from a given state."""
    run = lambda x, *state: flat(*layer(x, state if len(state) == 2 else state[0]))
    cases.add(name, run, [normal(2, 5, 3), *states(layer, 2)], parameters=leaves(layer, [""]), weights=normal)


def packed(name, layer):
    """Layers in both directions over sequences of different lengths."""
    directions = ["forward", "backward"] if layer.bidirectional else ["forward"]
    prefixes = [f"{direction}.{i}." for i in range(layer.num_layers) for direction in directions]

    def run(x, *state):
        x = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
        y, last = layer(x, state if len(state) == 2 else state[0])
        return flat(pad_packed_sequence(y, batch_first=True)[0], last)

    cases.add(name, run, [normal(3, 4, 2), *states(layer, 3)], parameters=leaves(layer, prefixes),
              settings={"lengths": LENGTHS}, weights=normal)


def gru_v3(cell, x, h):
    """Cho et al., 2014, arXiv:1406.1078v3: the reset comes before the product."""
    outputs, n = [], h.shape[1]
    for x in x.unbind(1):
        r, z, own = (x @ cell["input"].T + cell.get("bias", 0.0)).split(n, 1)
        from_r, from_z = (h @ cell["hidden"].T).split(n, 1)
        r, z = (r + from_r).sigmoid(), (z + from_z).sigmoid()
        h = (1 - z) * (own + (r * h) @ cell["candidate"].T).tanh() + z * h
        outputs.append(h)
    return torch.stack(outputs, 1), h


def gru_v3_cell(inputs, n):
    return {"input": normal(3 * n, inputs), "hidden": normal(2 * n, n), "candidate": normal(n, n), "bias": normal(3 * n)}


one("rnn", nn.RNN(3, 4, batch_first=True))
one("lstm", nn.LSTM(3, 4, batch_first=True))
one("gru", nn.GRU(3, 4, batch_first=True))
cell = gru_v3_cell(3, 4)
run = lambda x, h: (lambda y, last: (y, last[None]))(*gru_v3(cell, x, h[0]))
cases.add("gru_v3", run, [normal(2, 5, 3), normal(1, 2, 4)], parameters=cell, weights=normal)

both = {"batch_first": True, "num_layers": 2, "bidirectional": True}
packed("rnn_stack_tanh", nn.RNN(2, 2, **both))
packed("rnn_stack_relu", nn.RNN(2, 2, nonlinearity="relu", **both))
packed("lstm_stack", nn.LSTM(2, 2, **both))
packed("gru_stack", nn.GRU(2, 2, **both))
packed("gru_stack_unbiased_one_way", nn.GRU(2, 2, batch_first=True, num_layers=2, bias=False))

cells = [gru_v3_cell(2, 2), gru_v3_cell(2, 2)]


def gru_v3_both_ways(x, h):
    """Each sequence by itself: forwards, and from its end backwards; zeros after the end."""
    rows, last = [], []
    for row, start, length in zip(x, h.unbind(1), LENGTHS):
        row = row[None, :length]
        there, one = gru_v3(cells[0], row, start[0:1])
        back, two = gru_v3(cells[1], row.flip(1), start[1:2])
        y = torch.cat([there, back.flip(1)], 2)
        rows.append(nn.functional.pad(y, (0, 0, 0, x.shape[1] - length)))
        last.append(torch.stack([one, two]))
    return torch.cat(rows), torch.cat(last, 1)


parameters = {f"{way}.0.{path}": p for way, cell in zip(["forward", "backward"], cells) for path, p in cell.items()}
cases.add("gru_v3_stack", gru_v3_both_ways, [normal(3, 4, 2), normal(2, 3, 2)], parameters=parameters,
          settings={"lengths": LENGTHS}, weights=normal)
cases.write("recurrent")
