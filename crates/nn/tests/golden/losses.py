"""Writes losses.json: PyTorch's losses, each number, their mean and their sum, and the gradients of the mean. Run with PyTorch 2:
python losses.py

What PyTorch lacks is its formula in PyTorch's operations: there, the gradients are what is independent.
"""

import torch
import torch.nn.functional as F

from cases import Cases, ones

cases = Cases(seed=5)


def normal(*shape):
    return (torch.randn(shape) * 100).round() / 100


def unit(*shape):
    return (torch.rand(shape) * 96 + 2).round() / 100


def signs(*shape):
    return torch.randint(0, 2, shape) * 2.0 - 1


y, t = normal(3, 4), normal(3, 4)
p, q = unit(3, 4), unit(3, 4)
counts = torch.tensor([[0.0, 1, 2, 5], [3, 0, 1, 9], [1, 4, 0, 2]])
labels = torch.tensor([2, 0, 3])
weight = torch.tensor([0.5, 2.0, 1.25, 0.75])
image, places = normal(2, 3, 2, 2), torch.tensor([[[0, 2], [1, 9]], [[9, 1], [2, 0]]])


CONSTANT = ("sign", "counts", "weight", "pos_weight")


def case(name, loss, options=None, mean=None, whole=False, **inputs):
    """`loss(reduction, **inputs)`; gradients by every input of floats that PyTorch differentiates by. `mean` makes one number of the
    others; a whole loss is one number from the start."""
    constant = [key for key, x in inputs.items() if not x.is_floating_point() or key in CONSTANT]
    variable = [key for key in inputs if key not in constant]

    def run(*given):
        given = dict(zip(variable + constant, given))
        if whole:
            return loss(None, **given)
        each = loss("none", **given)
        return each, loss("mean", **given) if mean is None else mean(each), each.sum()

    settings = (options or {}) | {"inputs": variable, "constants": constant}
    cases.add(name, run, [inputs[key] for key in variable], [inputs[key] for key in constant], settings=settings,
              weighed=[True] if whole else [False, True, False], weights=ones)


def composed(name, each, options=None, **inputs):
    case(name, lambda reduction, **x: each(**x), options, torch.mean, **inputs)


case("mae", lambda r, y, t: F.l1_loss(y, t, reduction=r), y=y, t=t)
case("mse", lambda r, y, t: F.mse_loss(y, t, reduction=r), y=y, t=t)
case("huber", lambda r, y, t: F.huber_loss(y, t, reduction=r, delta=0.7), {"delta": 0.7}, y=y, t=t)
for beta in (0.0, 0.6):
    case("smooth_l1", lambda r, y, t: F.smooth_l1_loss(y, t, reduction=r, beta=beta), {"beta": beta}, y=y, t=t)
composed("msle", lambda y, t: (torch.log1p(y) - torch.log1p(t)) ** 2, {"offset": 1.0}, y=p, t=q)
composed("msle", lambda y, t: (torch.log(y + 1e-3) - torch.log(t + 1e-3)) ** 2, {"offset": 1e-3}, y=p, t=q)
for log_input, full, x in ((True, False, y), (False, True, p)):
    case("poisson_nll", lambda r, y, counts: F.poisson_nll_loss(y, counts, log_input=log_input, full=full, eps=1e-3, reduction=r),
         {"log_input": log_input, "full": full, "epsilon": 1e-3}, y=x, counts=counts)
for full, variance in ((False, p), (True, p[:, :1])):
    case("gaussian_nll", lambda r, y, t, variance: F.gaussian_nll_loss(y, t, variance, full=full, reduction=r),
         {"full": full}, y=y, t=t, variance=variance)
sign = signs(3, 4)
composed("hinge", lambda y, sign: (1 - y * sign).clamp(min=0), y=y, sign=sign)
composed("squared_hinge", lambda y, sign: (1 - y * sign).clamp(min=0) ** 2, y=y, sign=sign)
case("soft_margin", lambda r, y, sign: F.soft_margin_loss(y, sign, reduction=r), y=y, sign=sign)
case("hinge_embedding", lambda r, y, sign: F.hinge_embedding_loss(y, sign, margin=0.6, reduction=r), {"margin": 0.6},
     y=p, sign=sign)
composed("contrastive", lambda y, t: (1 - t) * y**2 + t * (0.8 - y).clamp(min=0) ** 2, {"margin": 0.8}, y=p, t=q)


def binary_focal(y, t, gamma, alpha, logits):
    if logits:
        loss, p = F.binary_cross_entropy_with_logits(y, t, reduction="none"), y.sigmoid()
    else:
        loss, p = F.binary_cross_entropy(y, t, reduction="none"), y
    loss = loss * (1 - (p * t + (1 - p) * (1 - t))) ** gamma
    return loss if alpha is None else (alpha * t + (1 - alpha) * (1 - t)) * loss


for gamma, alpha, logits, x in ((2.0, None, True, y), (1.5, 0.25, True, y), (0.0, None, False, p), (2.0, 0.25, False, p)):
    composed("binary_focal", lambda y, t: binary_focal(y, t, gamma, alpha, logits),
             {"gamma": gamma, "alpha": alpha, "logits": logits}, y=x, t=q)

case("binary_cross_entropy", lambda r, y, t: F.binary_cross_entropy(y, t, reduction=r), y=p, t=q)
case("binary_cross_entropy", lambda r, y, t, weight: F.binary_cross_entropy(y, t * 0.8 + 0.1, weight, reduction=r),
     {"label_smoothing": 0.2}, y=p, t=q, weight=weight)
bce = F.binary_cross_entropy_with_logits
case("binary_cross_entropy_with_logits", lambda r, y, t: bce(y, t, reduction=r), y=y, t=q)
case("binary_cross_entropy_with_logits",
     lambda r, y, t, weight, pos_weight: bce(y, t * 0.8 + 0.1, weight, pos_weight=pos_weight, reduction=r),
     {"label_smoothing": 0.2}, y=y, t=q, weight=weight, pos_weight=torch.tensor([[3.0], [0.5], [1.5]]))

ignored = torch.tensor([2, -100, 3])
case("cross_entropy", lambda r, y, labels: F.cross_entropy(y, labels, reduction=r), y=y, labels=labels)
case("cross_entropy", lambda r, y, labels, weight: F.cross_entropy(y, labels, weight, reduction=r), y=y, labels=labels, weight=weight)
case("cross_entropy", lambda r, y, labels: F.cross_entropy(y, labels, reduction=r), {"ignore_index": -100}, y=y, labels=ignored)
case("cross_entropy", lambda r, y, labels: F.cross_entropy(y, labels, reduction=r, label_smoothing=0.2),
     {"label_smoothing": 0.2}, y=y, labels=labels)
case("cross_entropy", lambda r, y, labels, weight: F.cross_entropy(y, labels, weight, reduction=r, label_smoothing=0.2),
     {"ignore_index": -100, "label_smoothing": 0.2}, y=y, labels=ignored, weight=weight)
case("cross_entropy", lambda r, y, labels, weight: F.cross_entropy(y, labels, weight, ignore_index=9, reduction=r),
     {"ignore_index": 9, "axis": 1}, y=image, labels=places, weight=weight[:3])
case("cross_entropy", lambda r, y, t: F.cross_entropy(y, t, reduction=r), y=y, t=q)
case("cross_entropy", lambda r, y, t, weight: F.cross_entropy(y, t, weight, reduction=r, label_smoothing=0.2),
     {"label_smoothing": 0.2}, y=y, t=q, weight=weight)
case("nll", lambda r, y, labels, weight: F.nll_loss(y, labels, weight, ignore_index=0, reduction=r), {"ignore_index": 0},
     y=p.log(), labels=labels, weight=weight)
composed("probabilities", lambda y, t: -(t * (y + 1e-3).log()).sum(-1), {"epsilon": 1e-3}, y=p, t=q)

composed("kl_divergence", lambda y, t: F.kl_div(y.log_softmax(-1), t, reduction="none").sum(-1), y=y, t=q)
composed("kl_divergence", lambda y, t: F.kl_div(y, t, reduction="none", log_target=True).sum(-1),
         {"log_target": True, "log_input": True}, y=p.log(), t=q.log())
composed("focal", lambda y, t: -(t * (1 - y.softmax(-1)) ** 1.5 * y.log_softmax(-1)).sum(-1), {"gamma": 1.5}, y=y, t=q)

case("dice", lambda r, y, t: 1 - (2 * (y * t).sum() + 1) / ((y * y).sum() + (t * t).sum() + 1), whole=True, y=p, t=q)
case("tversky", lambda r, y, t: 1 - ((y * t).sum() + 0.5) / (
    (y * t).sum() + 0.2 * (y * (1 - t)).sum() + 0.6 * ((1 - y) * t).sum() + 0.5), {"alpha": 0.2, "beta": 0.6, "smooth": 0.5},
     whole=True, y=p, t=q)

z = normal(3, 4)
for norm, swap in ((2.0, False), (1.0, True), (3.0, True)):
    case("triplet_margin", lambda r, a, b, c: F.triplet_margin_loss(a, b, c, margin=1.5, p=norm, swap=swap, reduction=r),
         {"margin": 1.5, "norm": norm, "swap": swap}, a=y, b=t, c=z)
pair = torch.tensor([1.0, -1.0, -1.0])
case("cosine_embedding", lambda r, a, b, sign: F.cosine_embedding_loss(a, b, sign, margin=-0.5, reduction=r), {"margin": -0.5},
     a=y, b=t, sign=pair)
case("margin_ranking", lambda r, a, b, sign: F.margin_ranking_loss(a, b, sign, margin=0.3, reduction=r), {"margin": 0.3},
     a=y, b=t, sign=sign)
for power in (1, 2):
    case("multi_margin", lambda r, y, labels, weight: F.multi_margin_loss(y, labels, p=power, margin=0.7, weight=weight, reduction=r),
         {"power": power, "margin": 0.7}, y=y, labels=labels, weight=weight)
case("multilabel_margin", lambda r, y, labels: F.multilabel_margin_loss(y, labels, reduction=r),
     y=y, labels=torch.tensor([[3, 0, -1, 1], [-1, 2, 0, 1], [1, 2, 0, 3]]))
case("multilabel_soft_margin", lambda r, y, t, weight: F.multilabel_soft_margin_loss(y, t, weight, reduction=r),
     y=y, t=q, weight=weight)

frames = normal(4, 6, 4)
words = torch.tensor([[1, 1, 2], [2, 1, 0], [3, 0, 0], [3, 3, 3]])
for blank, zero in ((0, False), (0, True)):
    lengths, counted = [6, 4, 1, 3 if zero else 5], [3, 2, 0, 3]
    case("ctc", lambda r, y, labels: F.ctc_loss(
        y.log_softmax(-1).transpose(0, 1), labels, lengths, counted, blank=blank, zero_infinity=zero, reduction=r),
        {"blank": blank, "zero": zero, "lengths": lengths, "label_lengths": counted}, y=frames, labels=words)
case("ctc", lambda r, y, labels: F.ctc_loss(
    y.log_softmax(-1).transpose(0, 1), labels, [6, 6], [3, 2], blank=3, reduction=r),
    {"blank": 3, "zero": False, "lengths": [6, 6], "label_lengths": [3, 2]}, y=frames[:2], labels=words[:2])

case("label_smoothing", lambda r, t: t * 0.7 + 0.3 / 4, {"share": 0.3}, whole=True, t=q)
case("binary_label_smoothing", lambda r, t: t * 0.7 + 0.3 / 2, {"share": 0.3}, whole=True, t=q)
cases.write("losses")
