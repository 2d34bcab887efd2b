#!/usr/bin/python3
"""Writes arrays.npz, with every type and order that NumPy writes, pickled.npz, which is
refused, and golden.txt, their values. It needs Debian's python3-numpy."""
import os

import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(4)
arrays = {}
for t in ["?", "i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8",
          "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
    a = (rng.normal(size=(2, 3)) * 90).astype(t)
    key = t.replace("<", "le_").replace(">", "be_").replace("?", "bool")
    arrays[key] = a
    arrays[key + "_fortran"] = np.asfortranarray(a)
arrays["half"] = np.array([0, -0.0, 1, 65504, 6e-8, 6.1e-5, np.inf, -np.inf], dtype="f2")
arrays["cube"] = np.asfortranarray(rng.integers(-9, 9, (2, 3, 4)).astype("f4"))
arrays["scalar"] = np.float64(44100)
arrays["texts"] = np.array(["do", "ré", "mi fa"])
arrays["texts_big"] = arrays["texts"].astype(">U8")
arrays["bytes"] = np.array([b"do", b"re"])
arrays["grid"] = np.asfortranarray(np.array([["a", "b"], ["c", "d"]]))
arrays["none"] = np.zeros((0, 3))
np.savez_compressed("arrays.npz", **arrays)
np.savez("pickled.npz", X=np.array([[1, 2], [3]], dtype=object), y=np.array(["a", "b"], dtype=object))
refused = {"complex": np.ones(2, "c8"), "date": np.array(["2020-01-01"], "M8[D]"), "long": np.ones(2, "g"),
           "fields": np.zeros(2, [("x", "f4"), ("y", "f4")]), "void": np.zeros(2, "V4")}
np.savez_compressed("refused.npz", **refused)

with open("golden.txt", "w", encoding="utf-8") as f:
    for key, a in arrays.items():
        a = np.asarray(a)
        shape = "×".join(map(str, a.shape)) or "scalar"
        if a.size == 0:
            shape = "0"
        values = a.ravel()
        if a.dtype.kind in "US":
            values = [v.decode() if isinstance(v, bytes) else str(v) for v in values]
        else:
            values = [f"{float(v):.9g}" for v in values]
        f.write(f"{key}\t{shape}\t{'|'.join(values)}\n")
