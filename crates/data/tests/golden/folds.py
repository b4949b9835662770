"""Writes folds.json: folds, weights and points of scikit-learn and PyTorch. Run with scikit-learn 1 and PyTorch 2: python folds.py"""

import json
import pathlib

import numpy
import torch
from sklearn import datasets, model_selection, preprocessing
from sklearn.utils.class_weight import compute_sample_weight

labels = [2, 0, 0, 1, 0, 2, 1, 0, 2, 2, 1, 0, 0, 1, 2, 2, 0]
# Groups of different sizes, so that there is one way to deal them by size.
groups = [5, 3, 3, 5, 1, 5, 3, 2, 5, 5, 2, 5, 3, 7, 7, 7, 7, 7, 7, 7]


def folds(splitter, n, **more):
    return [[train.tolist(), held.tolist()] for train, held in splitter.split(numpy.zeros((n, 1)), **more)]


def series(n, k, gap=0, max_train=None):
    splitter = model_selection.TimeSeriesSplit(k, gap=gap, max_train_size=max_train)
    return {"n": n, "k": k, "gap": gap, "max_train": max_train, "folds": folds(splitter, n)}


def moons(n):
    x, y = datasets.make_moons(n, shuffle=False)
    return {"n": n, "x": x.tolist(), "y": y.tolist()}


ragged = [torch.tensor(row) for row in ([[1, 2], [3, 4], [5, 6]], [[7, 8]], [[9, 10], [11, 12]])]
cases = {
    "labels": labels,
    "groups": groups,
    "k_fold": [{"n": n, "k": k, "folds": folds(model_selection.KFold(k), n)} for n, k in [(11, 3), (7, 7), (10, 2)]],
    "stratified": [{"k": k, "folds": folds(model_selection.StratifiedKFold(k), len(labels), y=labels)} for k in (2, 3, 4)],
    "grouped": [{"k": k, "folds": folds(model_selection.GroupKFold(k), len(groups), groups=groups)} for k in (2, 3, 5)],
    "leave_p_out": [{"n": n, "p": p, "folds": folds(model_selection.LeavePOut(p), n)} for n, p in [(5, 1), (5, 2), (6, 4)]],
    "time_series": [series(10, 3), series(17, 5, gap=2), series(12, 4, max_train=3), series(13, 3, gap=1, max_train=4)],
    "balanced": compute_sample_weight("balanced", labels).tolist(),
    "encoded": preprocessing.LabelEncoder().fit_transform(["b", "a", "c", "b"]).tolist(),
    "moons": [moons(n) for n in (1, 2, 7, 10)],
    "ragged": [row.tolist() for row in ragged],
    "padded": torch.nn.utils.rnn.pad_sequence(ragged, batch_first=True, padding_value=-1).tolist(),
}
lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items())
(pathlib.Path(__file__).parent / "folds.json").write_text(f"{{\n{lines}\n}}\n")
