"""Writes samples.json: what PyTorch makes of other sizes and of samples at places; turned images are SciPy's. Run with PyTorch 2 and
SciPy 1: python samples.py"""

import scipy.ndimage
import torch
import torch.nn.functional as F

from cases import Cases, distinct

cases = Cases(seed=1)


def case(name, shapes, f, divide=None):
    """Places lie on either side of the edges: they are divided."""
    inputs = [(distinct(shape, k) / (divide if k == 1 and divide else 1)) for k, shape in enumerate(shapes)]
    cases.add(name, f, [x.mul(1e4).round().div(1e4) for x in inputs], weights=lambda *s: distinct(s, 8))


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
    for padding in ("zeros", "border", "reflection"):
        for mode in ("bilinear", "nearest"):
            sample = lambda x, g: F.grid_sample(x, g, mode=mode, padding_mode=padding, align_corners=align)
            case(f"sample 4d {mode} {padding}{end}", [[1, 2, 3, 4], [1, 2, 4, 2]], sample, 1.9)
            case(f"sample 5d {mode} {padding}{end}", [[1, 1, 2, 3, 2], [1, 1, 2, 3, 3]], sample, 1.9)
    case("grid 2d" + end, [[2, 2, 3]], lambda t: F.affine_grid(t, (2, 1, 2, 3), align_corners=align))
    case("grid 3d" + end, [[1, 3, 4]], lambda t: F.affine_grid(t, (1, 1, 2, 1, 3), align_corners=align))
    case("transformer" + end, [[1, 1, 4, 4], [1, 2, 3]],
         lambda x, t: F.grid_sample(x, F.affine_grid(t, (1, 1, 3, 3), align_corners=align), align_corners=align), 2.3)


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
cases.write("samples")
