"""Writes spatial.json: what PyTorch makes of convolutions, pools, edges, sizes and samples, and the gradients, in f64; turned
images are SciPy's. Run with PyTorch 2 and SciPy 1: python spatial.py

Inputs are not stored: element i of input k of a case is ((37 i + 101 (k + 1)) mod 97 - 48) / 16, divided by the case's "divide",
if it has one for that input. Gradients are those of the sum of the result times numbers made in the same way with k = 8.
"""

import json
import math
import pathlib

import scipy.ndimage
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def numbers(shape, k):
    i = torch.arange(math.prod(shape))
    return (((37 * i + 101 * (k + 1)) % 97 - 48) / 16).to(torch.float64).reshape(shape)


cases = {}


def case(name, shapes, f, divide=None, extra=None):
    divide = divide or {}
    inputs = [(numbers(s, k) / divide.get(k, 1)).requires_grad_() for k, s in enumerate(shapes)]
    y = f(*inputs)
    (y * numbers(y.shape, 8)).sum().backward()
    gradients = [torch.zeros_like(x) if x.grad is None else x.grad for x in inputs]
    entry = {"inputs": shapes, "y": y, "gradients": gradients}
    if divide:
        entry["divide"] = [divide.get(k, 1) for k in range(len(shapes))]
    if extra:
        entry.update(extra(*inputs))
    cases[name] = entry


case("conv", [[1, 4, 6, 5], [2, 2, 3, 2], [2]],
     lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2))
case("conv same", [[1, 2, 5, 6], [1, 2, 2, 3], [1]], lambda x, w, b: F.conv2d(x, w, b, padding="same", dilation=(3, 2)))
case("conv depthwise", [[1, 2, 6], [4, 1, 3], [4]], lambda x, w, b: F.conv1d(x, w, b, groups=2))
case("transpose 1d", [[2, 2, 4], [2, 3, 3], [3]],
     lambda x, w, b: F.conv_transpose1d(x, w, b, stride=2, padding=1, output_padding=1))
case("transpose 1d, dilated", [[1, 2, 4], [2, 1, 2], [1]],
     lambda x, w, b: F.conv_transpose1d(x, w, b, dilation=3, output_padding=2))
case("transpose 2d", [[1, 4, 3, 3], [4, 1, 2, 3], [2]],
     lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 3), (1, 0), (1, 2), 2, (1, 2)))
case("transpose 3d", [[1, 1, 2, 2, 2], [1, 2, 2, 1, 2], [2]],
     lambda x, w, b: F.conv_transpose3d(x, w, b, (1, 2, 2), (0, 0, 1)))

index = lambda f: lambda x: {"indices": f(x)[1]}
for name, shape, pool in [
    ("max pool dilated", [1, 2, 9], lambda x: F.max_pool1d(x, 3, 2, 1, 2, return_indices=True)),
    ("max pool ceil", [1, 2, 5, 6], lambda x: F.max_pool2d(x, (2, 3), (2, 3), ceil_mode=True, return_indices=True)),
    ("max pool ceil, dilated",
     [1, 1, 8, 7], lambda x: F.max_pool2d(x, (3, 2), (3, 2), (1, 1), (2, 3), ceil_mode=True, return_indices=True)),
    ("max pool ceil, all begin inside",
     [1, 1, 6, 5], lambda x: F.max_pool2d(x, 2, 3, (0, 1), ceil_mode=True, return_indices=True)),
    ("max pool ceil 3d", [1, 1, 3, 4, 4], lambda x: F.max_pool3d(x, 2, (2, 3, 3), ceil_mode=True, return_indices=True)),
]:
    case(name, [shape], lambda x: pool(x)[0], extra=index(pool))
case("mean pool", [[1, 1, 5, 6]], lambda x: F.avg_pool2d(x, (3, 2), 2, (1, 1)))
case("mean pool, not counting", [[1, 1, 5, 6]], lambda x: F.avg_pool2d(x, (3, 2), 2, (1, 1), count_include_pad=False))
case("adaptive mean 1d", [[1, 2, 7]], lambda x: F.adaptive_avg_pool1d(x, 3))
case("adaptive mean 2d", [[1, 1, 3, 7]], lambda x: F.adaptive_avg_pool2d(x, (5, 4)))
case("adaptive mean 2d, even", [[1, 1, 4, 6]], lambda x: F.adaptive_avg_pool2d(x, (2, 3)))
case("adaptive max 2d", [[1, 1, 3, 7]], lambda x: F.adaptive_max_pool2d(x, (5, 4)))
case("adaptive max 3d", [[1, 1, 3, 3, 5]], lambda x: F.adaptive_max_pool3d(x, (2, 1, 3)))
case("global mean", [[2, 2, 3, 2]], lambda x: F.adaptive_avg_pool2d(x, 1))
case("global max", [[2, 2, 3, 2]], lambda x: F.adaptive_max_pool2d(x, 1))
case("lp pool 1d", [[1, 2, 7]], lambda x: F.lp_pool1d(x.abs(), 3.0, 3, 2))
case("lp pool 2d", [[1, 1, 4, 5]], lambda x: F.lp_pool2d(x, 2.0, (2, 3), (2, 1)))

case("pad constant", [[1, 1, 3, 2]], lambda x: F.pad(x, (1, 2, 0, 1), value=0.5))
case("pad replicate", [[1, 1, 2, 2, 3]], lambda x: F.pad(x, (4, 1, 0, 2, 1, 0), mode="replicate"))
case("pad reflect", [[1, 1, 3, 4]], lambda x: F.pad(x, (3, 2, 1, 2), mode="reflect"))
case("pad circular", [[1, 2, 4]], lambda x: F.pad(x, (4, 3), mode="circular"))

case("nearest 1d", [[1, 2, 5]], lambda x: F.interpolate(x, size=7, mode="nearest"))
case("nearest 2d", [[1, 1, 2, 3]], lambda x: F.interpolate(x, scale_factor=(2, 3), mode="nearest"))
case("nearest 3d", [[1, 1, 3, 2, 5]], lambda x: F.interpolate(x, size=(2, 3, 2), mode="nearest"))
for align in (False, True):
    end = ", aligned" if align else ""
    case("linear" + end, [[1, 2, 4]], lambda x: F.interpolate(x, size=7, mode="linear", align_corners=align))
    case("bilinear" + end, [[1, 1, 3, 5]], lambda x: F.interpolate(x, size=(5, 3), mode="bilinear", align_corners=align))
    case("trilinear" + end, [[1, 1, 2, 2, 3]],
         lambda x: F.interpolate(x, size=(3, 2, 4), mode="trilinear", align_corners=align))
    case("bicubic" + end, [[1, 1, 3, 5]], lambda x: F.interpolate(x, size=(5, 3), mode="bicubic", align_corners=align))
    case("to one" + end, [[1, 1, 3, 4]], lambda x: F.interpolate(x, size=(1, 1), mode="bilinear", align_corners=align))
    case("cubic to one" + end, [[1, 1, 3, 4]], lambda x: F.interpolate(x, size=(1, 2), mode="bicubic", align_corners=align))
case("shuffle", [[1, 8, 2, 3]], lambda x: F.pixel_shuffle(x, 2))
case("unshuffle", [[1, 1, 4, 6]], lambda x: F.pixel_unshuffle(x, 2))

case("unfold", [[1, 2, 5, 4]], lambda x: F.unfold(x, (2, 3), dilation=(2, 1), padding=(1, 1), stride=(2, 2)))
case("fold", [[1, 12, 6]], lambda x: F.fold(x, (5, 4), (2, 3), dilation=(2, 1), padding=(1, 1), stride=(2, 2)))

for align in (False, True):
    end = ", aligned" if align else ""
    for padding in ("zeros", "border", "reflection"):
        for mode in ("bilinear", "nearest"):
            sample = lambda x, g: F.grid_sample(x, g, mode=mode, padding_mode=padding, align_corners=align)
            case(f"sample 4d {mode} {padding}{end}", [[1, 2, 3, 4], [1, 2, 4, 2]], sample, {1: 1.9})
            case(f"sample 5d {mode} {padding}{end}", [[1, 1, 2, 3, 2], [1, 1, 2, 3, 3]], sample, {1: 1.9})
    case("grid 2d" + end, [[2, 2, 3]], lambda t: F.affine_grid(t, (2, 1, 2, 3), align_corners=align))
    case("grid 3d" + end, [[1, 3, 4]], lambda t: F.affine_grid(t, (1, 1, 2, 1, 3), align_corners=align))
    case("transformer" + end, [[1, 1, 4, 4], [1, 2, 3]],
         lambda x, t: F.grid_sample(x, F.affine_grid(t, (1, 1, 3, 3), align_corners=align), align_corners=align), {1: 2.3})


class Turn(torch.autograd.Function):
    """SciPy's rotation, whose gradient is the product with its matrix."""

    @staticmethod
    def forward(ctx, x, degrees):
        turn = lambda a: scipy.ndimage.rotate(a, degrees, reshape=False, order=1, mode="grid-constant")
        h, w = x.shape[-2:]
        ones = torch.eye(h * w).reshape(h * w, h, w)
        ctx.matrix = torch.stack([torch.from_numpy(turn(one.numpy())).flatten() for one in ones])
        return (x.flatten(2) @ ctx.matrix).reshape(x.shape)

    @staticmethod
    def backward(ctx, dy):
        return (dy.flatten(2) @ ctx.matrix.T).reshape(dy.shape), None


case("rotate", [[1, 1, 4, 5]], lambda x: Turn.apply(x, 27.0))
case("rotate a quarter", [[1, 2, 4, 4]], lambda x: torch.rot90(x, 1, (2, 3)))


def plain(value):
    if isinstance(value, torch.Tensor):
        return plain(value.detach().tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    # Twelve digits: an integer where it is one.
    value = float(f"{value:.12g}")
    return int(value) if value.is_integer() else value


dump = lambda value: json.dumps(value, separators=(",", ":"))
text = ",\n".join(f"{json.dumps(name)}:{dump(plain(entry))}" for name, entry in cases.items())
(pathlib.Path(__file__).parent / "spatial.json").write_text(f"{{\n{text}\n}}\n")
