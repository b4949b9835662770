"""Writes rules.json: ten steps of each optimiser rule, in f64 and f32. Run with PyTorch 2 and NumPy: python rules.py

Rules that PyTorch has are run by torch.optim. Those that it lacks are written here from the equations of their papers, in
NumPy. Gradients do not depend on the parameter, so that an error of one step cannot heal in the next.
"""

import json
import pathlib

import numpy as np
import torch

START = [1.0, -2.0, 0.5]
STEPS = 10
RATES = [0.1, 0.05, 0.0, 0.2]  # in turn, in the cases named so


def gradient(t):
    """The gradient of step t, from 1."""
    return [0.5 * t - 1.0, 0.25, 0.25 * t * t - 1.5 - 0.02 * t**3]


def pytorch(make, dtype, rates):
    torch.set_default_dtype(dtype)  # in which NAdam keeps its product of momenta
    p = torch.tensor(START, dtype=dtype, requires_grad=True)
    optimiser, trace = make([p]), []
    for t in range(1, STEPS + 1):
        if rates:
            optimiser.param_groups[0]["lr"] = RATES[(t - 1) % 4]
        p.grad = torch.tensor(gradient(t), dtype=dtype)
        optimiser.step()
        trace.append(p.detach().tolist())
    return trace


def numpy(rule, dtype):
    p, state, trace = np.array(START, dtype), {}, []
    for t in range(1, STEPS + 1):
        p = rule(p, np.array(gradient(t), dtype), t, state).astype(dtype)
        trace.append(p.tolist())
    return trace


def moments(g, t, state, b1, b2):
    """The bias-corrected moments of Adam (arXiv:1412.6980)."""
    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
    v = state["v"] = b2 * state.get("v", 0) + (1 - b2) * g * g
    return m / (1 - b1**t), v / (1 - b2**t)


def lamb(decay):
    def rule(p, g, t, state, lr=0.1, eps=1e-6):
        """arXiv:1904.00962, algorithm 2."""
        m, v = moments(g, t, state, 0.9, 0.999)
        u = m / (np.sqrt(v) + eps) + decay * p
        return p - lr * np.linalg.norm(p) / np.linalg.norm(u) * u

    return rule


def lion(decay):
    def rule(p, g, t, state, lr=0.1, b1=0.9, b2=0.99):
        """arXiv:2302.06675, program 1."""
        m = state.get("m", 0)
        update = np.sign(b1 * m + (1 - b1) * g)
        state["m"] = b2 * m + (1 - b2) * g
        return p - lr * (update + decay * p)

    return rule


def adabelief(p, g, t, state, lr=0.1, b1=0.9, b2=0.999, eps=1e-16):
    """arXiv:2010.07468, algorithm 2."""
    m = state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
    s = state["s"] = b2 * state.get("s", 0) + (1 - b2) * (g - m) ** 2 + eps
    return p - lr * (m / (1 - b1**t)) / (np.sqrt(s / (1 - b2**t)) + eps)


def oadam(p, g, t, state, lr=0.1, eps=1e-8):
    """arXiv:1711.00141, algorithm 1."""
    m, v = moments(g, t, state, 0.5, 0.9)
    step = lr * m / (np.sqrt(v) + eps)
    last, state["step"] = state.get("step", 0), step
    return p - 2 * step + last


def amsgrad(p, g, t, state, lr=0.1, b1=0.9, b2=0.999, eps=1e-8):
    """Reddi et al., ICLR 2018, algorithm 2, with Flux's eps."""
    m = state["m"] = b1 * state.get("m", eps) + (1 - b1) * g
    v = state["v"] = b2 * state.get("v", eps) + (1 - b2) * g * g
    top = state["top"] = np.maximum(state.get("top", eps), v)
    return p - lr * m / (np.sqrt(top) + eps)


def rate_in_velocity(p, g, t, state):
    """Sutskever et al., ICML 2013, equations 1 and 2, while the rate changes."""
    lr = RATES[(t - 1) % 4]
    v = state["v"] = 0.9 * state.get("v", 0) - lr * g
    return p + v


def lookahead_adam(p, g, t, state, lr=0.1, eps=1e-8, k=3, alpha=0.5):
    """arXiv:1907.08610, algorithm 1, around Adam."""
    slow = state.setdefault("slow", p.copy())
    m, v = moments(g, t, state, 0.9, 0.999)
    p = p - lr * m / (np.sqrt(v) + eps)
    if t % k == 0:
        p = state["slow"] = slow + alpha * (p - slow)
    return p


def adamw_uncoupled(p, g, t, state, lr=0.1, eps=1e-8):
    """Adam after a decay that the learning rate does not scale: arXiv:1711.05101, algorithm 2, with a constant schedule."""
    m, v = moments(g, t, state, 0.9, 0.999)
    return (1 - 0.05) * p - lr * m / (np.sqrt(v) + eps)


def rule_of(change):
    """Steps of 0.1 against gradients that are changed first."""
    return lambda p, g, t, state: p - 0.1 * change(p, g)


def clipped_norm(p, g):
    """arXiv:1211.5063, algorithm 1; PyTorch adds 1e-6 to the norm."""
    return g * min(1.0, 0.7 / np.linalg.norm(g))


o = torch.optim
PYTORCH = {
    "sgd": lambda p: o.SGD(p, lr=0.1),
    "sgd_decay": lambda p: o.SGD(p, lr=0.1, weight_decay=0.2),
    "sgd_momentum": lambda p: o.SGD(p, lr=0.1, momentum=0.9),
    "sgd_dampening": lambda p: o.SGD(p, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.2),
    "sgd_nesterov": lambda p: o.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.2),
    "sgd_rates": lambda p: o.SGD(p, lr=0.1, momentum=0.9),
    "adam_rates": lambda p: o.Adam(p, lr=0.1),
    "adamw_rates": lambda p: o.AdamW(p, lr=0.1),
    "rmsprop": lambda p: o.RMSprop(p, lr=0.1),
    "rmsprop_all": lambda p: o.RMSprop(p, lr=0.1, alpha=0.9, centered=True, momentum=0.8),
    "rprop": lambda p: o.Rprop(p, lr=0.1),
    "rprop_sizes": lambda p: o.Rprop(p, lr=0.1, etas=(0.6, 1.5), step_sizes=(0.05, 0.2)),
    "adam": lambda p: o.Adam(p, lr=0.1),
    "adam_betas": lambda p: o.Adam(p, lr=0.1, betas=(0.5, 0.75), eps=0.01),
    "adam_decay": lambda p: o.Adam(p, lr=0.1, weight_decay=0.2),
    "adam_amsgrad": lambda p: o.Adam(p, lr=0.1, betas=(0.9, 0.5), amsgrad=True),
    "adamw": lambda p: o.AdamW(p, lr=0.1),
    "adamw_amsgrad": lambda p: o.AdamW(p, lr=0.1, betas=(0.8, 0.5), weight_decay=0.5, amsgrad=True),
    "sgd_maximize": lambda p: o.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.2, maximize=True),
    "adam_maximize": lambda p: o.Adam(p, lr=0.1, maximize=True),
    "adamw_decoupled": lambda p: o.Adam(p, lr=0.1, weight_decay=0.2, decoupled_weight_decay=True),
    "adamw_decoupled_rates": lambda p: o.AdamW(p, lr=0.1, weight_decay=0.3, maximize=True),
    "rmsprop_centered": lambda p: o.RMSprop(p, lr=0.1, centered=True, weight_decay=0.2),
    "rmsprop_momentum": lambda p: o.RMSprop(p, lr=0.02, momentum=0.9, eps=0.01),
    "radam_l2": lambda p: o.RAdam(p, lr=0.1, weight_decay=0.2),
    "radam_decoupled": lambda p: o.RAdam(p, lr=0.1, betas=(0.9, 0.5), weight_decay=0.2, decoupled_weight_decay=True),
    "nadam_l2": lambda p: o.NAdam(p, lr=0.1, weight_decay=0.2),
    "nadam_decoupled": lambda p: o.NAdam(p, lr=0.1, weight_decay=0.2, decoupled_weight_decay=True),
    "nadam_decoupled_rates": lambda p: o.NAdam(p, lr=0.1, weight_decay=0.2, decoupled_weight_decay=True),
    "adamax_l2": lambda p: o.Adamax(p, lr=0.1, betas=(0.8, 0.9), eps=0.01, weight_decay=0.2),
    "adagrad_l2": lambda p: o.Adagrad(p, lr=0.1, lr_decay=0.2, weight_decay=0.2),
    "adadelta_l2": lambda p: o.Adadelta(p, rho=0.8, weight_decay=0.2, maximize=True),
    "radam": lambda p: o.RAdam(p, lr=0.1),
    "radam_short": lambda p: o.RAdam(p, lr=0.1, betas=(0.9, 0.5)),
    "nadam": lambda p: o.NAdam(p, lr=0.1),
    "nadam_decay": lambda p: o.NAdam(p, lr=0.1, betas=(0.8, 0.9), momentum_decay=0.5),
    "adamax": lambda p: o.Adamax(p, lr=0.1),
    "adagrad": lambda p: o.Adagrad(p, lr=0.1),
    "adagrad_start": lambda p: o.Adagrad(p, lr=0.1, lr_decay=0.1, initial_accumulator_value=0.5, eps=0.01),
    "adadelta": lambda p: o.Adadelta(p),
    "adadelta_rate": lambda p: o.Adadelta(p, lr=0.5, rho=0.7, eps=1e-3),
}
NUMPY = {
    "lamb": lamb(0.0),
    "lamb_decay": lamb(0.3),
    "lion": lion(0.0),
    "lion_decay": lion(0.2),
    "adabelief": adabelief,
    "oadam": oadam,
    "amsgrad": amsgrad,
    "rate_in_velocity": rate_in_velocity,
    "lookahead_adam": lookahead_adam,
    "l1_decay": rule_of(lambda p, g: g + 0.2 * np.sign(p)),
    "clip_value": rule_of(lambda p, g: np.clip(g, -0.4, 0.4)),
    "clip_norm": rule_of(clipped_norm),
    "clip_global_norm": rule_of(clipped_norm),
    "adamw_uncoupled": adamw_uncoupled,
}

cases = {}
for name, make in PYTORCH.items():
    rates = name.endswith("rates")
    cases[name] = {"f64": pytorch(make, torch.float64, rates), "f32": pytorch(make, torch.float32, rates)}
for name, rule in NUMPY.items():
    cases[name] = {"f64": numpy(rule, np.float64), "f32": numpy(rule, np.float32)}

shorten = lambda trace, digits: [[float(f"{x:.{digits}g}") for x in step] for step in trace]
text = ",\n".join(
    f' "{name}": {{\n  "f64": {json.dumps(shorten(case["f64"], 13))},\n  "f32": {json.dumps(shorten(case["f32"], 8))}\n }}'
    for name, case in cases.items()
)
(pathlib.Path(__file__).parent / "rules.json").write_text("{\n" + text + "\n}\n")
