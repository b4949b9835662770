"""Reads what the Rust writers wrote, and compares every bit: read.py FOLDER."""

import pathlib
import sys

import numpy
import safetensors
import safetensors.numpy

from arrays import arrays

folder = pathlib.Path(sys.argv[1])
expected = arrays()


def compare(found, what):
    assert sorted(found) == sorted(expected), (what, sorted(found))
    for name, array in expected.items():
        other = numpy.asarray(found[name])
        assert (other.dtype, other.shape) == (array.dtype, array.shape), (what, name, other.dtype, other.shape)
        assert other.tobytes() == array.tobytes(), (what, name)


compare(safetensors.numpy.load_file(folder / "ours.safetensors"), "safetensors")
with safetensors.safe_open(folder / "ours.safetensors", framework="numpy") as file:
    assert file.metadata() == {"format": "pt"}, file.metadata()
with numpy.load(folder / "ours.npz", allow_pickle=False) as file:
    compare(dict(file), "npz")
compare({name: numpy.load(folder / f"ours.{name}.npy", allow_pickle=False) for name in expected}, "npy")

# Writers that are canonical write the same bytes.
theirs = safetensors.numpy.save(expected, metadata={"format": "pt"})
assert theirs == (folder / "ours.safetensors").read_bytes(), "safetensors differ"
for name, array in expected.items():
    numpy.save(folder / "theirs.npy", array)
    assert (folder / "theirs.npy").read_bytes() == (folder / f"ours.{name}.npy").read_bytes(), name
print(f"{len(expected)} arrays agree, in three formats")
