#!/usr/bin/python3
"""Writes torch.json: outputs of stems and the gradients of a sum of them, weighted
by r, as PyTorch computes them in float64 from values that float32 holds exactly.

Run in this folder with Debian's python3-torch (1.13).
"""
import json
import math

import torch
import torch.nn.functional as F

CONV = [  # name, input channels, layers (kernel, stride, channels), lengths
    ("one", 1, [(5, 2, 3)], [1, 2, 4, 5, 30]),
    ("two", 2, [(8, 2, 17), (5, 3, 4)], [1, 6, 7, 60]),
    ("no overlap", 3, [(4, 4, 5), (1, 1, 18)], [9]),
    ("wide", 4, [(70, 1, 6)], [150]),
]
RATE, WINDOW, HOP, FLOOR = 8000, 201, 40, 1e-11


def exact(t):
    return t.float().double()


def flat(t):
    return [float("%.9g" % v) for v in t.detach().reshape(-1).tolist()]


def draw(*shape):
    return exact(torch.randn(*shape, dtype=torch.float64))


def padded(x, stride):
    """x (T,D), its last row repeated up to a multiple of stride."""
    return torch.cat([x] + [x[-1:]] * (-len(x) % stride))


def conv(name, width, layers, lengths):
    convs = torch.nn.ModuleList()
    for kernel, stride, channels in layers:
        convs.append(torch.nn.Conv1d(width, channels, kernel, stride).double())
        width = channels
    with torch.no_grad():
        for p in convs.parameters():
            p.copy_(exact(torch.randn_like(p) * 0.5))
    xs, rs, ys, loss = [], [], [], 0
    for n in lengths:
        xs.append(draw(n, convs[0].in_channels))
        y = padded(xs[-1], math.prod(l[1] for l in layers)).T[None]
        for c, (kernel, stride, _) in zip(convs, layers):
            y = F.relu(c(F.pad(y, (kernel - stride, 0))))
        ys.append(y[0].T)
        rs.append(draw(*ys[-1].shape))
        loss = loss + (rs[-1] * ys[-1]).sum()
    loss.backward()
    return dict(name=name, kind="conv", width=convs[0].in_channels,
                layers=[dict(kernel=k, stride=s, channels=c) for k, s, c in layers],
                x=[flat(x) for x in xs], r=[flat(r) for r in rs], y=[flat(y) for y in ys],
                params={"stem." + n: flat(p) for n, p in convs.named_parameters()},
                grads={"stem." + n: flat(p.grad) for n, p in convs.named_parameters()})


def gabor():
    centre = exact(torch.tensor([150.0, 600.0, 1100.0, 1900.0])).double().requires_grad_()
    bandwidth = exact(torch.tensor([3.5, 4.25, 5.0, 6.0])).double().requires_grad_()
    mean, scale = draw(4), draw(4).abs() + 0.5
    mean, scale = exact(mean), exact(scale)
    n = torch.arange(WINDOW).double() - (WINDOW - 1) / 2
    xs, rs, ys, loss = [], [], [], 0
    for length in [30, 201, 600]:
        x = draw(length) * 0.1
        x = exact(x)
        omega = 2 * math.pi * 700 * (10 ** (centre / 2595) - 1) / RATE
        sigma = RATE / (2 * math.pi * bandwidth.exp())
        w = torch.exp(-n ** 2 / (2 * sigma[:, None] ** 2))
        w = w / w.sum(1, keepdim=True)
        windows = F.pad(x, (0, max(0, WINDOW - length))).unfold(0, WINDOW, HOP)
        re, im = windows @ (w * torch.cos(omega[:, None] * n)).T, windows @ (w * torch.sin(omega[:, None] * n)).T
        y = ((re ** 2 + im ** 2 + FLOOR).log() - mean) * scale
        xs.append(x)
        ys.append(y)
        rs.append(draw(*y.shape))
        loss = loss + (rs[-1] * y).sum()
    loss.backward()
    params = dict(zip(["stem.centre", "stem.bandwidth", "stem.mean", "stem.scale"], [centre, bandwidth, mean, scale]))
    return dict(name="gabor", kind="gabor", width=1, rate=RATE, window_ms=1000 * WINDOW / RATE, hop_ms=1000 * HOP / RATE, filters=4,
                x=[flat(x) for x in xs], r=[flat(r) for r in rs], y=[flat(y) for y in ys],
                params={k: flat(v) for k, v in params.items()},
                grads={k: flat(params[k].grad) for k in ["stem.centre", "stem.bandwidth"]})


torch.manual_seed(1)
with open("torch.json", "w") as f:
    json.dump([conv(*c) for c in CONV] + [gabor()], f, separators=(",", ":"))
    f.write("\n")
