"""Writes numpy.json: operations and their results according to NumPy.

    python3 make.py

Needs numpy only. Every float input is a multiple of 1/64, so that it is exact in f32 as well.
"""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(20240607)
cases = []

NAMES = {"float64": "f64", "int64": "i64", "int32": "i32", "uint8": "u8", "bool": "bool"}


def number(x):
    """JSON has no NaN and no infinity: they are strings."""
    if isinstance(x, float) and not np.isfinite(x):
        return str(x)
    return x


def array(x):
    x = np.asarray(x)
    return {"dtype": NAMES[str(x.dtype)], "shape": list(x.shape), "data": [number(v) for v in x.ravel().tolist()]}


def case(op, inputs, want, **arguments):
    cases.append({"op": op, **arguments, "inputs": [array(x) for x in inputs], "want": array(want)})


def floats(*shape):
    return rng.integers(-192, 193, shape) / 64.0


def ints(*shape, low=-9, high=10, dtype=np.int64):
    return rng.integers(low, high, shape).astype(dtype)


# Elementwise arithmetic, broadcast.
for a, b in [((3, 4), (3, 4)), ((3, 1), (1, 4)), ((2, 1, 3), (4, 1)), ((), (2, 2)), ((0, 3), (1, 3))]:
    x, y = floats(*a), floats(*b)
    for op, f in [("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("maximum", np.maximum),
                  ("minimum", np.minimum), ("atan2", np.arctan2), ("lt", np.less), ("ge", np.greater_equal)]:
        case(op, [x, y], f(x, y))
    case("div", [x, np.where(y == 0, 1.0, y)], x / np.where(y == 0, 1.0, y))
    case("pow", [np.abs(x) + 0.25, y], (np.abs(x) + 0.25) ** y)

# The remainder takes the sign of the divisor, also of floats.
signs = np.array([7.0, -7.0, 7.0, -7.0, 6.0, -6.0, 0.5, -0.5])
case("rem", [signs, np.array([3.0, 3.0, -3.0, -3.0, 3.0, 3.0, 2.0, 2.0])],
     np.mod(signs, np.array([3.0, 3.0, -3.0, -3.0, 3.0, 3.0, 2.0, 2.0])))
for dtype in [np.int64, np.int32]:
    x = np.array([7, -7, 7, -7, 6, -6, 0, 5, -5], dtype)
    y = np.array([3, 3, -3, -3, 3, 3, 3, 0, 0], dtype)
    with np.errstate(all="ignore"):
        case("rem", [x, y], np.mod(x, y))
    # Cut towards zero, unlike NumPy's floor division, so from its fmod: x = q·y + fmod(x, y).
    q = np.where(y == 0, 0, (x - np.fmod(x, np.where(y == 0, 1, y))) // np.where(y == 0, 1, y)).astype(dtype)
    case("div", [x, y], q)
    case("pow", [x, np.abs(y)], x ** np.abs(y))
with np.errstate(all="ignore"):
    wide = np.array([2**31 - 1, -2**31, 65536, -1], np.int32)
    case("add", [wide, wide], wide + wide)
    case("mul", [wide, wide], wide * wide)
    byte = np.array([0, 1, 200, 255], np.uint8)
    case("add", [byte, byte], byte + byte)
    case("sub", [byte, byte[::-1].copy()], byte - byte[::-1])

# Functions of one number.
x = np.concatenate([floats(20), [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, np.inf, -np.inf, np.nan]])
with np.errstate(all="ignore"):
    for op, f in [("round", np.round), ("floor", np.floor), ("ceil", np.ceil), ("sign", np.sign), ("abs", np.abs),
                  ("exp", np.exp), ("expm1", np.expm1), ("log", np.log), ("log1p", np.log1p), ("sqrt", np.sqrt),
                  ("tanh", np.tanh), ("is_nan", np.isnan)]:
        case(op, [x], f(x))
    for op, f in [("sin", np.sin), ("cos", np.cos), ("tan", np.tan)]:
        case(op, [x[:20]], f(x[:20]))

# Folds.
for x in [floats(3, 4, 5), floats(7), floats(2, 1, 6), ints(3, 4, 5), ints(4, 3, dtype=np.int32)]:
    every = list(range(x.ndim))
    for axes in [[0], [-1], every, [0, -1] if x.ndim > 1 else [0]]:
        for keep in [False, True]:
            for op, f in [("sum", np.sum), ("prod", np.prod), ("max", np.max), ("min", np.min)]:
                folded = np.asarray(f(x, axis=tuple(axes), keepdims=keep)).astype(x.dtype)
                case(op, [x], folded, axes=axes, keep=keep)
            if x.dtype == np.float64:
                case("mean", [x], np.mean(x, axis=tuple(axes), keepdims=keep), axes=axes, keep=keep)
                case("variance", [x], np.var(x, axis=tuple(axes), keepdims=keep), axes=axes, keep=keep)
    for axis in every:
        for op, f in [("argmax", np.argmax), ("argmin", np.argmin)]:
            case(op, [x], f(x, axis=axis).astype(np.int32), axis=axis, keep=False)
        for op, f in [("cumsum", np.cumsum), ("cumprod", np.cumprod), ("cummax", np.maximum.accumulate),
                      ("cummin", np.minimum.accumulate)]:
            case(op, [x], f(x, axis=axis).astype(x.dtype), axis=axis)
spoiled = np.array([[1.0, np.nan, 3.0], [-np.inf, 2.0, np.inf]])
for op, f in [("sum", np.sum), ("max", np.max), ("min", np.min)]:
    case(op, [spoiled], f(spoiled, axis=1), axes=[1], keep=False)
case("argmax", [spoiled], np.argmax(spoiled, axis=1).astype(np.int32), axis=1, keep=False)
case("argmin", [spoiled], np.argmin(spoiled, axis=1).astype(np.int32), axis=1, keep=False)
empty = np.zeros((0, 3))
case("sum", [empty], np.sum(empty, axis=0), axes=[0], keep=False)
case("prod", [empty], np.prod(empty, axis=0), axes=[0], keep=False)

# Products.
for a, b in [((2, 3), (3, 4)), ((5, 1, 7), (7, 1)), ((2, 3, 4), (2, 4, 2)), ((2, 1, 3, 2), (3, 2, 5)), ((4,), (4, 3)),
             ((3, 4), (4,)), ((6,), (6,)), ((2, 0), (0, 3))]:
    x, y = floats(*a), floats(*b)
    case("matmul", [x, y], np.matmul(x, y))
x, y = ints(3, 4), ints(4, 2)
case("matmul", [x, y], x @ y)
q, k = floats(2, 3, 4, 5), floats(2, 3, 6, 5)
case("matmul_transposed", [q, k], np.einsum("bhqd,bhkd->bhqk", q, k))
x, w = floats(9), floats(4)
case("conv", [x.reshape(1, 1, 9), w.reshape(1, 1, 4)], np.correlate(x, w, mode="valid").reshape(1, 1, -1))

# Order.
for x in [floats(4, 6), ints(3, 7), ints(8, low=0, high=3, dtype=np.int32), np.array([2.0, np.nan, -1.0, np.inf, 2.0, -np.inf])]:
    for axis in range(x.ndim):
        case("sort", [x], np.sort(x, axis=axis), axis=axis)
        case("argsort", [x], np.argsort(x, axis=axis, kind="stable").astype(np.int32), axis=axis, descending=False)
    if not np.isnan(x.astype(float)).any():
        case("argsort", [x], np.argsort(-x, axis=-1, kind="stable").astype(np.int32), axis=-1, descending=True)

# Picking and putting.
x = floats(3, 4, 2)
for axis, n in [(0, 3), (1, 4), (-1, 2)]:
    i = ints(2, 3, low=0, high=n)
    case("take", [x, i], np.take(x, i, axis=axis), axis=axis)
    shape = list(x.shape)
    shape[axis] = 5
    i = ints(*shape, low=0, high=n)
    case("gather", [x, i], np.take_along_axis(x, i, axis=axis), axis=axis)
base, i, updates = floats(4, 3), np.array([2, 0, 2]), floats(3, 3)
added = base.copy()
np.add.at(added, i, updates)
case("scatter_add", [base, i, updates], added, axis=0)
put = base.copy()
np.put_along_axis(put, np.array([[1], [0], [2], [2]]), np.array([[9.0], [8.0], [7.0], [6.0]]), axis=1)
case("scatter_along_set", [base, np.array([[1], [0], [2], [2]]), np.array([[9.0], [8.0], [7.0], [6.0]])], put, axis=1)
condition = ints(3, 1, low=0, high=2) == 1
then, otherwise = floats(3, 4), floats(4)
case("select", [condition, then, otherwise], np.where(condition, then, otherwise))

# Shape.
x = floats(2, 3, 4)
case("pad", [x], np.pad(x, [(1, 0), (0, 2), (3, 1)], constant_values=-0.5), axes=[[1, 0], [0, 2], [3, 1]], value=-0.5)
case("permute", [x], np.transpose(x, (2, 0, 1)), axes=[2, 0, 1])
case("reshape", [x], x.reshape(4, 6), shape=[4, 6])
case("flip", [x], np.flip(x, 1), axis=1)
case("slice", [x], x[:, :, 1:4:2], axis=2, start=1, end=4, step=2)
case("broadcast_to", [x[:, :1]], np.broadcast_to(x[:, :1], (5, 2, 3, 4)), shape=[5, 2, 3, 4])
y = floats(2, 1, 4)
case("concat", [x, y], np.concatenate([x, y], axis=1), axis=1)
y = floats(2, 3, 4)
case("stack", [x, y], np.stack([x, y], axis=1), axis=1)

# Changes of dtype.
x = np.array([0.0, 0.5, 1.75, -1.75, 100.0, -3.0])
for dtype in [np.int64, np.int32, np.bool_]:
    case("to_dtype", [x], x.astype(dtype), dtype=NAMES[str(np.dtype(dtype))])
x = np.array([0, 1, 255, 256, 300, -1, 2**31 + 5, -2**40])
for dtype in [np.int32, np.uint8, np.bool_, np.float64]:
    case("to_dtype", [x], x.astype(dtype), dtype=NAMES[str(np.dtype(dtype))])

lines = ",\n".join(json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
pathlib.Path(__file__).with_name("numpy.json").write_text(f"[\n{lines}\n]\n")
print(len(cases), "cases")
