"""Writes arrays with NumPy and safetensors, for the Rust reader: write.py FOLDER. Every array is the one that read.py expects."""

import pathlib
import sys

import numpy
import safetensors.numpy

from arrays import arrays

folder = pathlib.Path(sys.argv[1])
all_arrays = arrays()
safetensors.numpy.save_file(all_arrays, folder / "all.safetensors", metadata={"format": "pt"})
numpy.savez(folder / "stored.npz", **all_arrays)
numpy.savez_compressed(folder / "deflated.npz", **all_arrays)
for name, array in all_arrays.items():
    numpy.save(folder / f"{name}.npy", array)
    with open(folder / f"{name}.v2.npy", "wb") as file:
        numpy.lib.format.write_array(file, array, version=(2, 0))
    numpy.save(folder / f"{name}.columns.npy", numpy.array(array, order="F"))
    numpy.save(folder / f"{name}.big.npy", array.astype(array.dtype.newbyteorder(">")))

objects = numpy.array([{"a": 1}], dtype=object)
numpy.save(folder / "objects.npy", objects, allow_pickle=True)
numpy.savez(folder / "objects.npz", objects=objects)
