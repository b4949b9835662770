"""Writes schedules.json: the learning rates of PyTorch's schedulers, step by step. Run with PyTorch 2: python schedules.py"""

import json
import math
import pathlib

import torch
from torch.optim import lr_scheduler as s

cases = {}


def run(name, make, steps, rate=1.0):
    parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimiser = torch.optim.SGD([parameter], lr=rate, momentum=0.9)
    scheduler, rates = make(optimiser), []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    cases[name] = rates


cyclic = lambda **options: lambda o: s.CyclicLR(o, base_lr=0.1, max_lr=1.0, step_size_up=4, **options)
run("step", lambda o: s.StepLR(o, step_size=3, gamma=0.5), 12)
run("multi_step", lambda o: s.MultiStepLR(o, milestones=[2, 5, 9], gamma=0.1), 12)
run("exponential", lambda o: s.ExponentialLR(o, gamma=0.9), 12)
run("polynomial", lambda o: s.PolynomialLR(o, total_iters=8, power=2.0), 12)
run("constant", lambda o: s.ConstantLR(o, factor=1.0, total_iters=1), 4, rate=0.3)
run("linear", lambda o: s.LinearLR(o, start_factor=0.25, end_factor=1.0, total_iters=6), 12)
run("cosine", lambda o: s.CosineAnnealingLR(o, T_max=8, eta_min=0.1), 24)
run("cosine_restarts", lambda o: s.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2, eta_min=0.1), 24)
run("triangular", cyclic(mode="triangular"), 24)
run("triangular2", cyclic(mode="triangular2"), 24)
run("exp_range", cyclic(mode="exp_range", gamma=0.9), 24)
lopsided = lambda **options: lambda o: s.CyclicLR(o, base_lr=0.1, max_lr=1.0, step_size_up=3, step_size_down=5, **options)
run("lopsided", lopsided(mode="triangular"), 24)
run("lopsided2", lopsided(mode="triangular2"), 24)
run("lopsided_exp", lopsided(mode="exp_range", gamma=0.9), 24)
run("late_peak", lambda o: s.CyclicLR(o, base_lr=0.1, max_lr=1.0, step_size_up=6, step_size_down=1), 21)
run("one_cycle", lambda o: s.OneCycleLR(o, max_lr=1.0, total_steps=20), 19)
run("one_cycle_short", lambda o: s.OneCycleLR(o, max_lr=0.5, total_steps=10, pct_start=0.5, div_factor=10, final_div_factor=100), 9)
run("one_cycle_linear", lambda o: s.OneCycleLR(o, max_lr=1.0, total_steps=20, anneal_strategy="linear"), 19)
run("one_cycle_three", lambda o: s.OneCycleLR(o, max_lr=1.0, total_steps=20, three_phase=True), 19)
run("one_cycle_three_linear", lambda o: s.OneCycleLR(o, max_lr=1.0, total_steps=30, pct_start=0.4, three_phase=True, anneal_strategy="linear"), 29)
run(
    "warm_up_cosine",
    lambda o: s.SequentialLR(
        o, [s.LinearLR(o, start_factor=0.1, total_iters=4), s.CosineAnnealingLR(o, T_max=8)], milestones=[4]
    ),
    12,
)

# What PyTorch has no class for: a formula in LambdaLR, or the rates of a scheduler that it has, in another order.
run("inverse", lambda o: s.LambdaLR(o, lambda step: (1 + 0.3 * step) ** -0.5), 12, rate=0.8)
run("sine", lambda o: s.LambdaLR(o, lambda step: 0.1 + 0.9 * math.sin(math.pi * (step % 8) / 8)), 24)
run("sequence", lambda o: s.SequentialLR(o, [s.ExponentialLR(o, 0.5), s.ExponentialLR(o, 0.9)], milestones=[3]), 8)
run("loop", lambda o: s.CosineAnnealingWarmRestarts(o, T_0=4, eta_min=0.1), 12)
run("halves", lambda o: s.ExponentialLR(o, gamma=0.5), 8)
halves = cases.pop("halves")
cases |= {
    "shift": halves[2:], "truncate": halves[:4], "per_epoch": [rate for rate in halves for _ in range(3)],
    "reverse": halves[:6][::-1], "symmetric": halves[:3] + halves[:3][::-1], "symmetric_odd": halves[:3] + halves[:2][::-1],
}

losses = [5, 4, 4.1, 4.2, 3.9999, 4, 3, 3.2, 3.3, 3.1, 3.05, 3.02, 3.01, 2.5, 2.6, 2.7, 2.8, 2.9, 3, 3.1, 3.2, 3.3, 3.4, 3.5]
cases["losses"] = losses


def plateau(name, **options):
    parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimiser = torch.optim.SGD([parameter], lr=1.0)
    scheduler, rates = s.ReduceLROnPlateau(optimiser, **options), []
    for loss in losses:
        scheduler.step(loss if options.get("mode") != "max" else -loss)
        rates.append(optimiser.param_groups[0]["lr"])
    cases[name] = rates


plateau("plateau", factor=0.5, patience=2)
plateau("plateau_cooldown", factor=0.1, patience=1, cooldown=3, min_lr=0.005)
plateau("plateau_absolute", factor=0.5, patience=1, threshold=0.2, threshold_mode="abs")
plateau("plateau_max", factor=0.5, patience=2, mode="max", threshold=0.2, threshold_mode="abs")
text = ",\n".join(f' "{name}": {json.dumps(rates)}' for name, rates in cases.items())
(pathlib.Path(__file__).parent / "schedules.json").write_text("{\n" + text + "\n}\n")
