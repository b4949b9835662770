"""Writes recurrent.json: outputs and gradients of PyTorch's recurrent layers, in f64. Run with PyTorch 2: python recurrent.py"""

import json
import pathlib

import torch

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)
cases = {}
for name, make in [("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)]:
    layer = make(3, 4, batch_first=True)
    x = torch.randn(2, 5, 3, requires_grad=True)
    start = torch.randn(1, 2, 4)
    cell = torch.randn(1, 2, 4)
    y, last = layer(x, (start, cell) if name == "lstm" else start)
    weights = torch.randn(y.shape)
    (y * weights).sum().backward()
    last = list(last) if name == "lstm" else [last]
    cases[name] = {
        "x": x, "start": start[0], "cell": cell[0], "weights": weights, "y": y,
        "last": [state[0] for state in last],
        "parameters": [getattr(layer, p) for p in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")],
        "gradients": [getattr(layer, p).grad for p in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")],
        "dx": x.grad,
    }


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


entry = lambda case: ",\n".join(f"  \"{key}\": {json.dumps(value)}" for key, value in case.items())
text = ",\n".join(f" \"{name}\": {{\n{entry(case)}\n }}" for name, case in plain(cases).items())
text = f"{{\n{text}\n}}"
(pathlib.Path(__file__).parent / "recurrent.json").write_text(text + "\n")
