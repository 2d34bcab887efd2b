#!/usr/bin/python3
"""Writes torch.json: outputs, joint loss, every gradient and ten AdamW losses of
the whole network, as PyTorch computes them.

Run in this folder with Debian's python3-torch (1.13). All numbers are computed
in float64 from values that float32 holds exactly. A case's sequences are in the
order of the batch; without truncation they run as one PackedSequence through
nn.LSTM(bidirectional=True), whose h_n is [h_f(T) ; h_b(1)].
"""
import json

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

CASES = [  # name, layers, running head, confirm head, ramp, distill, smoothing, classes weighed, truncate
    dict(name="plain", layers=1, running="softmax"),
    dict(name="stack", layers=3, running="evidence", ramp=True, distill=0.3, smoothing=0.1, balanced=True),
    dict(name="evidence", layers=1, running="evidence", smoothing=0.1),
    dict(name="confirm only", layers=2, running="none", smoothing=0.2),
    dict(name="running only", layers=2, running="softmax", confirm=False, ramp=True),
    dict(name="truncated", layers=2, running="softmax", smoothing=0.1, truncate=4),
]
D, H, C = 3, 5, 3
LENGTHS = [4, 11, 7, 7, 1, 9, 2, 11, 6, 3, 5]  # two shards of at most eight
LR, DECAY, CLIP, RUNNING = 0.01, 0.05, 0.3, 0.5


class Net(torch.nn.Module):
    def __init__(self, layers, running, confirm):
        super().__init__()
        d = D
        self.lower = torch.nn.ModuleList()
        for _ in range(layers - 1):
            self.lower.append(torch.nn.LSTM(d, H))
            d = H
        self.lstm = torch.nn.LSTM(d, H, bidirectional=confirm)
        if running != "none":
            self.running = torch.nn.Linear(H, C)
        if confirm:
            self.confirm = torch.nn.Linear(2 * H, C)


def chunked(lstm, x, n, suffix=""):
    """One direction over x (T,D), the state detached after every n steps."""
    one = torch.nn.LSTM(x.shape[1], H).double()
    for name in ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]:
        delattr(one, name)
        setattr(one, name, getattr(lstm, name + suffix))
    one._flat_weights = [getattr(one, k) for k in one._flat_weights_names]
    out, state = [], None
    for at in range(0, len(x), n):
        y, state = one(x[at:at + n, None], state)
        out.append(y[:, 0])
        state = tuple(s.detach() for s in state)
    return torch.cat(out)


def hidden(net, xs, confirm, truncate):
    """Each sequence's h_f (T,H), and [h_f(T) ; h_b(1)]."""
    if truncate:
        hf, both = [], []
        for x in xs:
            for l in net.lower:
                x = chunked(l, x, truncate)
            f, b = chunked(net.lstm, x, truncate), chunked(net.lstm, x.flip(0), truncate, "_reverse")
            hf.append(f)
            both.append(torch.cat([f[-1], b[-1]]))
        return hf, both
    x = pack_sequence(xs, enforce_sorted=False)
    for l in net.lower:
        x, _ = l(x)
    out, (hn, _) = net.lstm(x)
    out, lengths = pad_packed_sequence(out)
    hf = [out[:n, i, :H] for i, n in enumerate(lengths)]
    both = [torch.cat([hn[0, i], hn[1, i]]) for i in range(len(xs))] if confirm else None
    return hf, both


def run(net, k, xs, labels, weights):
    confirm = k.get("confirm", True)
    hf, both = hidden(net, xs, confirm, k.get("truncate", 0))
    loss, run_p, conf_p = 0.0, [], []
    for i, y in enumerate(labels):
        scale = weights[y] / len(xs)
        if confirm:
            logits = net.confirm(both[i])
            conf_p.append(F.softmax(logits, -1))
            loss = loss + scale * F.cross_entropy(logits[None], torch.tensor([y]), label_smoothing=k.get("smoothing", 0.0))
        if k["running"] != "none":
            logits = net.running(hf[i])
            if k["running"] == "evidence":
                logits = logits.cumsum(0)
            t = len(logits)
            w = torch.arange(1, t + 1).double() if k.get("ramp") else torch.ones(t).double()
            w = w / w.sum()
            run_p.append(F.softmax(logits, -1))
            loss = loss + scale * RUNNING * (w * F.cross_entropy(logits, torch.full((t,), y), reduction="none")).sum()
            if k.get("distill"):
                p = conf_p[-1].detach()
                kl = (p * (p.log() - F.log_softmax(logits, -1))).sum(-1)
                loss = loss + scale * k["distill"] * (w * kl).sum()
    return loss, run_p, conf_p


def flat(t):
    return [float("%.9g" % v) for v in t.detach().reshape(-1).tolist()]


def exact(t):
    return t.float().double()


def case(k):
    net = Net(k["layers"], k["running"], k.get("confirm", True)).double()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(exact(torch.randn_like(p) * 0.5))
    xs = [exact(torch.randn(n, D, dtype=torch.float64)) for n in LENGTHS]
    labels = torch.randint(0, C, (len(LENGTHS),)).tolist()
    count = [labels.count(c) for c in range(C)]
    weights = [len(labels) / (C * max(n, 1)) if k.get("balanced") else 1.0 for n in count]
    out = dict(name=k["name"], layers=k["layers"], running=k["running"], confirm=k.get("confirm", True),
               ramp=k.get("ramp", False), distill=k.get("distill", 0.0), smoothing=k.get("smoothing", 0.0),
               balanced=k.get("balanced", False), truncate=k.get("truncate", 0),
               dim=D, hidden=H, classes=C, lr=LR, decay=DECAY, clip=CLIP, running_weight=RUNNING,
               x=[flat(x) for x in xs], labels=labels,
               params={n: flat(p) for n, p in net.named_parameters()})
    loss, run_p, conf_p = run(net, k, xs, labels, weights)
    loss.backward()
    out["running_p"] = [flat(p) for p in run_p]
    out["confirm_p"] = [flat(p) for p in conf_p]
    out["grads"] = {n: flat(p.grad) for n, p in net.named_parameters()}
    out["norm"] = float(torch.linalg.vector_norm(torch.cat([p.grad.reshape(-1) for p in net.parameters()])))
    groups = [dict(params=[p for n, p in net.named_parameters() if "bias" not in n], weight_decay=DECAY),
              dict(params=[p for n, p in net.named_parameters() if "bias" in n], weight_decay=0.0)]
    opt, losses = torch.optim.AdamW(groups, lr=LR, eps=1e-8), []
    for _ in range(10):
        opt.zero_grad()
        loss, _, _ = run(net, k, xs, labels, weights)
        losses.append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        opt.step()
    out["losses"] = losses
    return out


torch.manual_seed(1)
with open("torch.json", "w") as f:
    json.dump([case(k) for k in CASES], f, separators=(",", ":"))
    f.write("\n")
