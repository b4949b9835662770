"""Writes recurrent_stack.json: two layers in both directions over packed sequences, by PyTorch's recurrent layers in f64. Run with
PyTorch 2: python recurrent_stack.py"""

import json
import pathlib

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
LENGTHS = [4, 1, 3]


def short(*shape):
    return (torch.randn(*shape) * 0.6).round(decimals=3)


def case(layer, state_count):
    for p in layer.parameters():
        p.data = short(*p.shape)
    x = short(3, 4, 2).requires_grad_()
    directions = layer.num_layers * (2 if layer.bidirectional else 1)
    states = [short(directions, 3, layer.hidden_size).requires_grad_() for _ in range(state_count)]
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    y, last = layer(packed, tuple(states) if state_count == 2 else states[0])
    y, _ = pad_packed_sequence(y, batch_first=True)
    last = list(last) if state_count == 2 else [last]
    weights, state_weights = short(*y.shape), [short(*state.shape) for state in last]
    loss = (y * weights).sum() + sum((s * w).sum() for s, w in zip(last, state_weights))
    loss.backward()
    parameters = list(layer.parameters())
    return {
        "lengths": LENGTHS, "x": x, "start": states, "weights": weights, "state_weights": state_weights,
        "y": y, "last": last, "dx": x.grad, "dstart": [s.grad for s in states],
        "parameters": parameters, "gradients": [p.grad for p in parameters],
    }


options = {"batch_first": True, "num_layers": 2, "bidirectional": True}
cases = {
    "rnn_tanh": case(torch.nn.RNN(2, 2, **options), 1),
    "rnn_relu": case(torch.nn.RNN(2, 2, nonlinearity="relu", **options), 1),
    "lstm": case(torch.nn.LSTM(2, 2, **options), 2),
    "gru": case(torch.nn.GRU(2, 2, **options), 1),
    "gru_unbiased_one_way": case(torch.nn.GRU(2, 2, batch_first=True, num_layers=2, bias=False), 1),
}


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


entry = lambda case: ",\n".join(f"  \"{key}\": {json.dumps(value)}" for key, value in case.items())
text = ",\n".join(f" \"{name}\": {{\n{entry(case)}\n }}" for name, case in plain(cases).items())
(pathlib.Path(__file__).parent / "recurrent_stack.json").write_text(f"{{\n{text}\n}}\n")
