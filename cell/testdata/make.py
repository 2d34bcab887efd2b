#!/usr/bin/python3
"""Writes torch.json: an LSTM's forward and every gradient as PyTorch computes them.

Run in this folder with Debian's python3-torch (1.13). A case is a packed batch
(torch.nn.utils.rnn.PackedSequence: sequences by descending length, rows
time-major); its loss is sum(dh * h).
"""
import json

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

CASES = [  # D, H, lengths, initial state given
    (1, 1, [4], False),
    (1, 3, [6], True),
    (3, 8, [7, 5, 5, 2], False),
    (5, 13, [9, 9, 4, 1], True),
    (13, 12, [30, 12], False),
    (40, 7, [3, 3, 3], True),
    (6, 17, [11, 10, 6, 6, 6, 5, 1], True),
]


def flat(t):
    return [float("%.9g" % v) for v in t.detach().reshape(-1).tolist()]


def case(d, h, lengths, given):
    n = len(lengths)
    lstm = torch.nn.LSTM(d, h)
    with torch.no_grad():
        for p in lstm.parameters():
            p.copy_(torch.randn_like(p) * 0.5)
    packed = pack_padded_sequence(torch.randn(lengths[0], n, d), lengths)
    x = packed.data.requires_grad_()
    state = None
    if given:
        state = (torch.randn(1, n, h) * 0.5, torch.randn(1, n, h))
    out, (hn, cn) = lstm(PackedSequence(x, packed.batch_sizes), state)
    dh = torch.randn_like(out.data)
    (dh * out.data).sum().backward()
    return {
        "in": d, "hidden": h, "active": packed.batch_sizes.tolist(),
        "x": flat(x), "h0": flat(state[0]) if given else None, "c0": flat(state[1]) if given else None,
        "ih": flat(lstm.weight_ih_l0), "hh": flat(lstm.weight_hh_l0),
        "bias_ih": flat(lstm.bias_ih_l0), "bias_hh": flat(lstm.bias_hh_l0),
        "h": flat(out.data), "hn": flat(hn), "cn": flat(cn), "dh": flat(dh), "dx": flat(x.grad),
        "d_ih": flat(lstm.weight_ih_l0.grad), "d_hh": flat(lstm.weight_hh_l0.grad),
        "d_bias_ih": flat(lstm.bias_ih_l0.grad), "d_bias_hh": flat(lstm.bias_hh_l0.grad),
    }


torch.manual_seed(1)
with open("torch.json", "w") as f:
    json.dump([case(*c) for c in CASES], f, separators=(",", ":"))
    f.write("\n")
