#!/usr/bin/python3
"""Writes next.json: outputs, loss, every gradient and ten AdamW losses of a network
that says what comes next, as PyTorch computes them.

Run in this folder with Debian's python3-torch (1.13). All numbers are computed in
float64 from values that float32 holds exactly. Sequence i is a piece of its recording:
its first `lead` steps warm up, each of the others is judged by the frame after it, and
all steps that count weigh the same.
"""
import json

import torch
import torch.nn.functional as F

CASES = [
    dict(name="squared", layers=1),
    dict(name="residual", layers=2, residual=True),
    dict(name="quantiles", layers=1, residual=True, quantiles=[0.1, 0.5, 0.9]),
    dict(name="absolute quantiles", layers=1, quantiles=[0.25, 0.5]),
    dict(name="characters", layers=2, codes=7),
]
CHANNELS, SAMPLES, H = 2, 2, 5
D = CHANNELS * SAMPLES
STEPS = [4, 11, 7, 7, 1, 9, 2, 11, 6, 3, 5]
LEAD = [0, 3, 2, 0, 0, 4, 1, 3, 0, 2, 3]
LR, DECAY, CLIP = 0.01, 0.05, 0.3


class Net(torch.nn.Module):
    def __init__(self, layers, inputs, outputs):
        super().__init__()
        self.lower = torch.nn.ModuleList(torch.nn.LSTM(inputs if i == 0 else H, H) for i in range(layers - 1))
        self.lstm = torch.nn.LSTM(inputs if layers == 1 else H, H)
        self.next = torch.nn.Linear(H, outputs)


def run(net, k, xs, unit):
    qs = k.get("quantiles", [])
    loss, outs, counted = 0.0, [], sum(n - l for n, l in zip(STEPS, LEAD))
    for x, lead in zip(xs, LEAD):
        h = x[:-1, None]
        if k.get("codes"):
            h = F.one_hot(x[:-1], k["codes"]).double()
        for l in net.lower:
            h, _ = l(h)
        h, _ = net.lstm(h)
        if k.get("codes"):
            out = F.softmax(net.next(h[:, 0]), -1)
            loss = loss + F.cross_entropy(net.next(h[:, 0]), x[1:, 0], reduction="none")[lead:].sum() / counted
            outs.append(out)
            continue
        out = net.next(h[:, 0]).reshape(len(x) - 1, -1, D)
        y = x[1:]
        if k.get("residual"):
            y = y - x[:-1, -CHANNELS:].repeat(1, SAMPLES)
        e = (y / unit)[:, None] - out
        if qs:
            q = torch.tensor(qs, dtype=torch.float64)[:, None]
            e = torch.maximum(q * e, (q - 1) * e)
        else:
            e = e ** 2
        loss = loss + e[lead:].mean(dim=(1, 2)).sum() / counted
        outs.append(out)
    return loss, outs


def flat(t):
    return [float("%.9g" % v) for v in t.detach().reshape(-1).tolist()]


def exact(t):
    return t.float().double()


def case(k):
    codes = k.get("codes", 0)
    net = Net(k["layers"], codes or D, codes or D * max(1, len(k.get("quantiles", [])))).double()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(exact(torch.randn_like(p) * 0.5))
    unit = exact(0.2 + torch.rand(D, dtype=torch.float64))
    xs = [exact(torch.randn(n + 1, D, dtype=torch.float64)) for n in STEPS]
    if codes:
        xs = [torch.randint(0, codes, (n + 1, 1)) for n in STEPS]
    out = dict(name=k["name"], layers=k["layers"], residual=k.get("residual", False), quantiles=k.get("quantiles", []),
               channels=1 if codes else CHANNELS, samples=1 if codes else SAMPLES, codes=codes, hidden=H, lr=LR, decay=DECAY, clip=CLIP, unit=flat(unit), lead=LEAD,
               x=[flat(x) for x in xs], params={n: flat(p) for n, p in net.named_parameters()})
    loss, outs = run(net, k, xs, unit)
    loss.backward()
    out["out"] = [flat(o) for o in outs]
    out["grads"] = {n: flat(p.grad) for n, p in net.named_parameters()}
    groups = [dict(params=[p for n, p in net.named_parameters() if "bias" not in n], weight_decay=DECAY),
              dict(params=[p for n, p in net.named_parameters() if "bias" in n], weight_decay=0.0)]
    opt, losses = torch.optim.AdamW(groups, lr=LR, eps=1e-8), []
    for _ in range(10):
        opt.zero_grad()
        loss, _ = run(net, k, xs, unit)
        losses.append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        opt.step()
    out["losses"] = losses
    return out


torch.manual_seed(2)
with open("next.json", "w") as f:
    json.dump([case(k) for k in CASES], f, separators=(",", ":"))
    f.write("\n")
