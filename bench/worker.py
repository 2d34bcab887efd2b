"""The Python side of bench, PyTorch and SciPy: a worker that is told by lines of JSON on standard
input and answers each with one line on standard output. Arrays are base64 of
little-endian float32.

  {"make": "step", "hidden", "params", "x"}            -> {"id", "out"}
  {"make": "train", "hidden", "params", "batches", …}  -> {"id", "loss", "norm"}
  {"make": "front", "x", "window", "hop", "bands", …}  -> {"id", "out"}
  {"run": id, "n", "threads"}                          -> {"seconds"}
"""
import base64
import json
import signal
import sys
import time

import numpy
import scipy.fft
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence


def decode(text):
    return torch.from_numpy(numpy.frombuffer(base64.b64decode(text), "<f4").copy())


def encode(tensor):
    return base64.b64encode(tensor.detach().numpy().astype("<f4").tobytes()).decode()


class Step(nn.Module):
    """n timesteps of one stream with the running head and its softmax."""

    def __init__(self, dim, hidden, classes):
        super().__init__()
        self.cell = nn.LSTMCell(dim, hidden)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x, h, c, n: int):
        p = h
        for _ in range(n):
            h, c = self.cell(x, (h, c))
            p = torch.softmax(self.head(h), -1)
        return p, h, c


class StepWork:
    def __init__(self, r):
        p, hidden = {k: decode(v) for k, v in r["params"].items()}, r["hidden"]
        self.x = decode(r["x"])[None]
        net = Step(self.x.shape[1], hidden, len(p["running.bias"]))
        with torch.no_grad():
            for name in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
                w = getattr(net.cell, name)
                w.copy_(p["lstm." + name + "_l0"].reshape(w.shape))
            net.head.weight.copy_(p["running.weight"].reshape(net.head.weight.shape))
            net.head.bias.copy_(p["running.bias"])
        torch._C._jit_set_profiling_executor(False)  # faster by a tenth here
        self.net = torch.jit.freeze(torch.jit.script(net.eval()))
        self.state, self.steps = (torch.zeros(1, hidden), torch.zeros(1, hidden)), r["steps"]

    def made(self):
        with torch.inference_mode():
            p, _, _ = self.net(self.x, *self.state, self.steps)
        return {"out": encode(p)}

    def run(self, n):
        with torch.inference_mode():
            _, *self.state = self.net(self.x, *self.state, n)


class Net(nn.Module):
    def __init__(self, dim, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(dim, hidden, bidirectional=True)
        self.running = nn.Linear(hidden, classes)
        self.confirm = nn.Linear(2 * hidden, classes)


class TrainWork:
    """Updates over batches in turn: forward, both losses, backward, clip, AdamW."""

    def __init__(self, r):
        self.hidden = r["hidden"]
        p = {k: decode(v) for k, v in r["params"].items()}
        self.batches = [Batch(b, r["dim"], r["running_weight"]) for b in r["batches"]]
        self.net = Net(r["dim"], self.hidden, len(p["confirm.bias"]))
        with torch.no_grad():
            for name, w in self.net.named_parameters():
                w.copy_(p[name].reshape(w.shape))
        groups = [dict(params=[w for n, w in self.net.named_parameters() if "bias" not in n], weight_decay=r["decay"]),
                  dict(params=[w for n, w in self.net.named_parameters() if "bias" in n], weight_decay=0.0)]
        self.optimizer = torch.optim.AdamW(groups, lr=r["lr"], eps=1e-8)
        self.clip = r["clip"]
        self.next = 0

    def gradient(self, batch):
        self.optimizer.zero_grad(set_to_none=True)
        loss = batch.loss(self.net, self.hidden)
        loss.backward()
        return loss

    def made(self):
        loss = self.gradient(self.batches[0])
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1e9)
        return {"loss": loss.item(), "norm": norm.item()}

    def run(self, n):
        for _ in range(n):
            self.gradient(self.batches[self.next])
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.clip)
            self.optimizer.step()
            self.next = (self.next + 1) % len(self.batches)


class Batch:
    """Sequences by descending length, packed where lengths differ."""

    def __init__(self, r, dim, weight):
        self.lengths = torch.tensor(r["lengths"])
        xs = decode(r["x"]).split([n * dim for n in r["lengths"]])
        self.x = nn.utils.rnn.pad_sequence([x.reshape(-1, dim) for x in xs])
        self.labels = torch.tensor(r["labels"])
        self.even = len(set(r["lengths"])) == 1
        sequence = torch.arange(len(xs)).repeat(int(self.lengths[0]), 1)
        share = (weight / (len(xs) * self.lengths.float())).repeat(int(self.lengths[0]), 1)
        rows = [t.reshape(-1) if self.even else pack_padded_sequence(t, self.lengths).data for t in (sequence, share)]
        self.row_labels, self.row_share = self.labels[rows[0]], rows[1]

    def loss(self, net, hidden):
        if self.even:
            out, (hn, _) = net.lstm(self.x)
            rows = out.reshape(-1, 2 * hidden)
        else:
            out, (hn, _) = net.lstm(pack_padded_sequence(self.x, self.lengths))
            rows = out.data
        running = F.cross_entropy(net.running(rows[:, :hidden]), self.row_labels, reduction="none")
        confirm = F.cross_entropy(net.confirm(torch.cat([hn[0], hn[1]], 1)), self.labels)
        return confirm + (running * self.row_share).sum()


def mel(f):
    return 2595 * numpy.log10(1 + f / 700)


class FrontWork:
    """Log-mel of a signal by scipy.fft.rfft and a matrix of triangles, in float32: all frames
    at once, or one at a time as they arrive."""

    def __init__(self, r):
        window, size, rate = r["window"], r["size"], r["rate"]
        x = decode(r["x"]).numpy()
        frames = numpy.lib.stride_tricks.sliding_window_view(x, window)[::r["hop"]]
        self.parts = [frames] if r["at_once"] else list(frames)
        w = 0.5 - 0.5 * numpy.cos(2 * numpy.pi * numpy.arange(window) / window)
        self.window, self.size, self.floor = (w * numpy.sqrt(2) / w.sum()).astype("f4"), size, numpy.float32(r["floor"])
        edges = 700 * (10 ** (numpy.linspace(mel(r["low"]), mel(r["high"]), r["bands"] + 2) / 2595) - 1)
        f = numpy.arange(size // 2 + 1) * rate / size
        bank = numpy.maximum(0, numpy.minimum((f[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None],
                                              (edges[2:, None] - f[None]) / (edges[2:] - edges[1:-1])[:, None]))
        for i in numpy.flatnonzero(bank.sum(axis=1) == 0):
            bank[i, round(edges[i + 1] * size / rate)] = 1
        self.bank = numpy.ascontiguousarray(bank.T.astype("f4"))

    def frames(self, x):
        spectrum = scipy.fft.rfft(x * self.window, self.size)
        return numpy.log((spectrum.real ** 2 + spectrum.imag ** 2) @ self.bank + self.floor)

    def made(self):
        return {"out": encode(torch.from_numpy(numpy.concatenate([self.frames(x).ravel() for x in self.parts])))}

    def run(self, n):
        for _ in range(n):
            for x in self.parts:
                self.frames(x)


def blas():
    with open("/proc/self/maps") as f:
        names = {line.split()[-1].rsplit("/", 1)[-1] for line in f if ".so" in line}
    return sorted(n for n in names if n.startswith("lib") and "blas" in n)


def answer(r, works):
    if "make" in r:
        work = {"step": StepWork, "train": TrainWork, "front": FrontWork}[r["make"]](r)
        works.append(work)
        return dict(work.made(), id=len(works) - 1)
    if "drop" in r:
        works[r["drop"]] = None
        return {}
    torch.set_num_threads(r["threads"])
    began = time.perf_counter()
    works[r["run"]].run(r["n"])
    return {"seconds": time.perf_counter() - began}


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end of standard input ends it
    works = []
    torch.rand(64, 64) @ torch.rand(64, 64)
    print(json.dumps({"version": torch.__version__, "scipy": scipy.__version__, "blas": blas()}), flush=True)
    for line in sys.stdin:
        try:
            out = answer(json.loads(line), works)
        except Exception as e:  # told to the one who asked
            out = {"error": "%s: %s" % (type(e).__name__, e)}
        print(json.dumps(out), flush=True)


main()
