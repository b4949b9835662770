"""Writes standardise.json: scalers of scikit-learn, in f64. Run with scikit-learn 1: python standardise.py"""

import json
import pathlib

import numpy
from sklearn import preprocessing

rng = numpy.random.default_rng(7)
x = rng.normal(size=(9, 4)) * [1.0, 1e-3, 1e3, 0.0] + [0.0, 5.0, -1e4, 0.1]
other = rng.normal(size=(3, 4))
standard = preprocessing.StandardScaler().fit(x)
bounds = preprocessing.MinMaxScaler(feature_range=(-1.0, 2.0)).fit(x)
case = {
    "x": x, "other": other,
    "standardise": {"x": standard.transform(x), "other": standard.transform(other), "inverse": standard.inverse_transform(other)},
    "min_max": {"x": bounds.transform(x), "other": bounds.transform(other), "inverse": bounds.inverse_transform(other)},
}
plain = lambda value: {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value.tolist()
lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(item)}" for name, item in plain(case).items())
(pathlib.Path(__file__).parent / "standardise.json").write_text(f"{{\n{lines}\n}}\n")
