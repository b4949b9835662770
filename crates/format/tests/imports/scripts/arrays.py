"""The arrays that both sides make for themselves: bytes that count up from 0, or 0 and 1 in turn for bools."""

import numpy

DTYPES = {
    "bool": "?",
    "i8": "i1",
    "i16": "<i2",
    "i32": "<i4",
    "i64": "<i8",
    "u8": "u1",
    "u16": "<u2",
    "u32": "<u4",
    "u64": "<u8",
    "f16": "<f2",
    "f32": "<f4",
    "f64": "<f8",
}
SHAPES = [(), (0,), (1,), (3, 0, 2), (2, 3, 5), (1, 1, 1, 1, 1, 1, 1, 7)]


def arrays():
    return {
        f"{name}.{i}": counting(dtype, shape, 2 if name == "bool" else 120)
        for name, dtype in DTYPES.items()
        for i, shape in enumerate(SHAPES)
    }


def counting(dtype, shape, most):
    dtype = numpy.dtype(dtype)
    count = dtype.itemsize
    for size in shape:
        count *= size
    return numpy.frombuffer(bytes(i % most for i in range(count)), dtype).reshape(shape)
