#!/usr/bin/python3
"""Writes the .mat files of this folder that SciPy can write, and golden.txt, what SciPy reads
of all of them. It needs Debian's python3-scipy. The files whose names begin with "test" are
from SciPy's own tests (BSD-3-Clause), which MATLAB wrote on Linux, Windows and Solaris."""
import glob
import os

import numpy as np
import scipy.io as sio

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(3)


def cells(list_, shape=None):
    a = np.empty(len(list_), dtype=object)
    for i, v in enumerate(list_):
        a[i] = v
    return a.reshape(shape) if shape else a


numbers = {t: (rng.normal(size=(3, 4)) * 50).astype(t) for t in
           ["float64", "float32", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]}
numbers["cube"] = rng.integers(-9, 9, (2, 3, 4)).astype("float64")
numbers["whole"] = np.arange(6.0).reshape(2, 3)
numbers["flags"] = np.array([[True, False, True]])
numbers["scalar"] = 44100.0
numbers["none"] = np.zeros((0, 3))
sequences = {
    "notes": cells([rng.normal(size=(2, n)).astype("float32") for n in (3, 5, 4)]),
    "labels": cells(["do", "re", "mi"]),
    "chars": np.array(["do", "re", "mi fa"]),
    "both": cells([np.ones((1, 3)), "a", np.zeros((1, 2)), "b"], (2, 2)),
    "s": {"X": np.arange(4.0).reshape(2, 2), "y": np.array([1, 2])},
    "empty": cells([]),
}
for packed in (False, True):
    form = "packed" if packed else "plain"
    sio.savemat(f"numbers_{form}.mat", numbers, do_compression=packed)
    sio.savemat(f"sequences_{form}.mat", sequences, do_compression=packed)
sio.savemat("version4.mat", {"X": np.ones((2, 3))}, format="4")


def dump(a):
    if isinstance(a, str):
        a = np.array([a])
    a = np.asarray(a)
    if a.size == 0 and a.dtype.names is None:
        return "empty"
    if a.dtype.names:
        return "{" + " ".join(f"{n}=({' '.join(dump(v) for v in a[n].flatten('F'))})" for n in a.dtype.names) + "}"
    if a.dtype == object:
        return "x".join(map(str, a.shape)) + "(" + " ".join(dump(v) for v in a.flatten("F")) + ")"
    if a.dtype.kind == "U":
        return "text(" + " ".join('"' + str(v).strip(" ").replace("\n", "\\n") + '"' for v in a.flatten("F")) + ")"
    return "x".join(map(str, a.shape)) + "[" + " ".join(f"{float(v):.9g}" for v in a.flatten("F")) + "]"


with open("golden.txt", "w", encoding="utf-8") as f:
    for name in sorted(glob.glob("*.mat")):
        if name == "version4.mat" or "refused" in name:
            continue
        for key, value in sio.loadmat(name, chars_as_strings=True).items():
            if not key.startswith("__"):
                f.write(f"{name} {key} {dump(value)}\n")
