"""Writes spatial.json: what PyTorch makes of convolutions, pools and edges. Run with PyTorch 2: python spatial.py"""

import torch.nn.functional as F

from cases import Cases, distinct

cases = Cases(seed=1)


def case(name, shapes, f, paths=("weight", "bias")):
    """The first shape is the input's, the others those of the parameters."""
    x, *parameters = [distinct(shape, k) for k, shape in enumerate(shapes)]
    cases.add(name, lambda x: f(x, *parameters), [x], parameters=dict(zip(paths, parameters)), weights=lambda *s: distinct(s, 8))


case("conv 1d", [[2, 3, 6], [2, 3, 3], [2]], lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=1))
case("conv 1d, depthwise", [[1, 2, 6], [4, 1, 3], [4]], lambda x, w, b: F.conv1d(x, w, b, groups=2))
case("conv 2d", [[1, 4, 6, 5], [2, 2, 3, 2], [2]],
     lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2))
case("conv 2d, same", [[1, 2, 5, 6], [1, 2, 2, 3], [1]], lambda x, w, b: F.conv2d(x, w, b, padding="same", dilation=(3, 2)))
case("conv 2d, unbiased", [[2, 1, 4, 4], [2, 1, 2, 2]], lambda x, w: F.conv2d(F.pad(x, (0, 1, 2, 0)), w))
case("conv 3d", [[1, 2, 3, 4, 3], [2, 1, 2, 3, 2], [2]],
     lambda x, w, b: F.conv3d(x, w, b, stride=(1, 2, 1), padding=(0, 1, 1), dilation=(2, 1, 1), groups=2))
case("transpose 1d", [[2, 2, 4], [2, 3, 3], [3]],
     lambda x, w, b: F.conv_transpose1d(x, w, b, stride=2, padding=1, output_padding=1))
case("transpose 1d, dilated", [[1, 2, 4], [2, 1, 2], [1]],
     lambda x, w, b: F.conv_transpose1d(x, w, b, dilation=3, output_padding=2))
case("transpose 2d", [[1, 4, 3, 3], [4, 1, 2, 3], [2]],
     lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 3), (1, 0), (1, 2), 2, (1, 2)))
case("transpose 3d", [[1, 1, 2, 2, 2], [1, 2, 2, 1, 2], [2]],
     lambda x, w, b: F.conv_transpose3d(x, w, b, (1, 2, 2), (0, 0, 1)))

for name, shape, pool in [
    ("max pool 1d, dilated", [1, 2, 9], lambda x: F.max_pool1d(x, 3, 2, 1, 2, return_indices=True)),
    ("max pool 2d, ceil", [1, 2, 5, 6], lambda x: F.max_pool2d(x, (2, 3), (2, 3), ceil_mode=True, return_indices=True)),
    ("max pool 2d, ceil, dilated",
     [1, 1, 8, 7], lambda x: F.max_pool2d(x, (3, 2), (3, 2), (1, 1), (2, 3), ceil_mode=True, return_indices=True)),
    ("max pool 2d, ceil, all begin inside",
     [1, 1, 6, 5], lambda x: F.max_pool2d(x, 2, 3, (0, 1), ceil_mode=True, return_indices=True)),
    ("max pool 3d, ceil", [1, 1, 3, 4, 4], lambda x: F.max_pool3d(x, 2, (2, 3, 3), ceil_mode=True, return_indices=True)),
]:
    cases.add(name, pool, [distinct(shape, 0)], weighed=[True, False])
case("mean pool 1d", [[2, 1, 7]], lambda x: F.avg_pool1d(x, 3, 2))
case("mean pool 2d", [[1, 1, 5, 6]], lambda x: F.avg_pool2d(x, (3, 2), 2, (1, 1)))
case("mean pool 2d, not counting", [[1, 1, 5, 6]], lambda x: F.avg_pool2d(x, (3, 2), 2, (1, 1), count_include_pad=False))
case("mean pool 3d", [[1, 1, 3, 4, 2]], lambda x: F.avg_pool3d(x, (2, 3, 1), 1))
case("adaptive mean 1d", [[1, 2, 7]], lambda x: F.adaptive_avg_pool1d(x, 3))
case("adaptive mean 2d", [[1, 1, 3, 7]], lambda x: F.adaptive_avg_pool2d(x, (5, 4)))
case("adaptive mean 2d, even", [[1, 1, 4, 6]], lambda x: F.adaptive_avg_pool2d(x, (2, 3)))
case("adaptive mean 3d", [[1, 1, 3, 2, 5]], lambda x: F.adaptive_avg_pool3d(x, (2, 1, 3)))
case("adaptive max 1d", [[1, 2, 7]], lambda x: F.adaptive_max_pool1d(x, 3))
case("adaptive max 2d", [[1, 1, 3, 7]], lambda x: F.adaptive_max_pool2d(x, (5, 4)))
case("adaptive max 3d", [[1, 1, 3, 3, 5]], lambda x: F.adaptive_max_pool3d(x, (2, 1, 3)))
case("global mean", [[2, 2, 3, 2]], lambda x: F.adaptive_avg_pool2d(x, 1))
case("global max", [[2, 2, 3, 2]], lambda x: F.adaptive_max_pool2d(x, 1))
case("lp pool 1d", [[1, 2, 7]], lambda x: F.lp_pool1d(x.abs(), 3.0, 3, 2))
case("lp pool 2d", [[1, 1, 4, 5]], lambda x: F.lp_pool2d(x, 2.0, (2, 3), (2, 1)))
case("lp pool 3d", [[1, 1, 2, 3, 4]], lambda x: F.lp_pool3d(x, 2.0, (2, 1, 2), (1, 2, 2)))

case("pad 1d, circular", [[1, 2, 4]], lambda x: F.pad(x, (4, 3), mode="circular"))
case("pad 2d, constant", [[1, 1, 3, 2]], lambda x: F.pad(x, (1, 2, 0, 1), value=0.5))
case("pad 2d, reflect", [[1, 1, 3, 4]], lambda x: F.pad(x, (3, 2, 1, 2), mode="reflect"))
case("pad 3d, replicate", [[1, 1, 2, 2, 3]], lambda x: F.pad(x, (4, 1, 0, 2, 1, 0), mode="replicate"))
case("shuffle", [[1, 8, 2, 3]], lambda x: F.pixel_shuffle(x, 2))
case("unshuffle", [[1, 1, 4, 6]], lambda x: F.pixel_unshuffle(x, 2))
case("unfold", [[1, 2, 5, 4]], lambda x: F.unfold(x, (2, 3), dilation=(2, 1), padding=(1, 1), stride=(2, 2)))
case("fold", [[1, 12, 6]], lambda x: F.fold(x, (5, 4), (2, 3), dilation=(2, 1), padding=(1, 1), stride=(2, 2)))
cases.write("spatial")
