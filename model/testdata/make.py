#!/usr/bin/env python3
"""The whole network in PyTorch, for model_test.go: reads a model file as the
documentation says and computes both heads.

Usage: /usr/bin/python3 make.py   (Debian: python3-torch), after
       go test ./model -run WriteFixtures -write
"""
import json
import math
import os
import struct

import torch


def load(path):
    """A safetensors file's metadata and tensors."""
    with open(path, "rb") as f:
        data = f.read()
    n, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + n])
    meta = header.pop("__metadata__")
    tensors = {}
    for name, t in header.items():
        a, b = t["data_offsets"]
        tensors[name] = torch.frombuffer(bytearray(data[8 + n + a:8 + n + b]), dtype=torch.float32).reshape(t["shape"])
    return json.loads(meta["inkling.config"]), tensors


def predict(config, tensors, frames):
    if config["front"]["kind"] == "chars":  # frames are codes
        codes = torch.tensor(frames).reshape(-1).long()
        x = torch.nn.functional.one_hot(codes, 1 + len(config["front"]["alphabet"])).float().reshape(1, len(codes), -1)
    else:
        x = (torch.tensor(frames).reshape(1, -1, len(tensors["front.mean"])) - tensors["front.mean"]) * tensors["front.scale"]
    hidden = config["hidden"]
    layers = config.get("stem", {}).get("layers", [])
    total = math.prod(l["stride"] for l in layers)
    x = torch.cat([x] + [x[:, -1:]] * (-x.shape[1] % total), dim=1)
    for i, l in enumerate(layers):
        conv = torch.nn.Conv1d(x.shape[2], l["channels"], l["kernel"], l["stride"])
        conv.load_state_dict({k.split(".", 2)[2]: v for k, v in tensors.items() if k.startswith(f"stem.{i}.")})
        x = conv(torch.nn.functional.pad(x.transpose(1, 2), (l["kernel"] - l["stride"], 0))).relu().transpose(1, 2)
    for i in range(config["layers"] - 1):
        lower = torch.nn.LSTM(x.shape[2], hidden, batch_first=True)
        lower.load_state_dict({k.split(".", 2)[2]: v for k, v in tensors.items() if k.startswith(f"lower.{i}.")})
        x, _ = lower(x)
    lstm = torch.nn.LSTM(x.shape[2], hidden, batch_first=True, bidirectional=True)
    lstm.load_state_dict({k[5:]: v for k, v in tensors.items() if k.startswith("lstm.")})
    h, (last, _) = lstm(x)
    logits = h[0, :, :hidden] @ tensors["running.weight"].T + tensors["running.bias"]
    if config["running"] == "evidence":
        logits = logits.cumsum(dim=0)
    confirm = torch.cat([last[0, 0], last[1, 0]]) @ tensors["confirm.weight"].T + tensors["confirm.bias"]
    return logits.softmax(dim=1), confirm.softmax(dim=0)


def detect(config, tensors, frames):
    x = (frames.reshape(1, -1, len(tensors["front.mean"])) - tensors["front.mean"]) * tensors["front.scale"]
    lstm = torch.nn.LSTM(x.shape[2], config["detector"]["hidden"], batch_first=True)
    lstm.load_state_dict({k.split(".", 1)[1]: v for k, v in tensors.items() if k.startswith("detector.") and ".out." not in k})
    h, _ = lstm(x)
    return (h[0] @ tensors["detector.out.weight"].T + tensors["detector.out.bias"]).sigmoid().flatten()


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    out = []
    torch.manual_seed(1)
    for name in sorted(f for f in os.listdir(here) if f.endswith(".model")):
        config, tensors = load(os.path.join(here, name))
        if config["front"]["kind"] == "chars":
            frames = torch.randint(0, 1 + len(config["front"]["alphabet"]), (30,)).float()
        else:
            frames = torch.randn(9 * len(tensors["front.mean"]))
        with torch.no_grad():
            running, confirm = predict(config, tensors, frames.tolist())
            golden = dict(file=name, frames=frames.tolist(), running=running.flatten().tolist(), confirm=confirm.tolist())
            if "detector" in config:
                golden["detector"] = detect(config, tensors, frames).tolist()
        out.append(golden)
    with open(os.path.join(here, "golden.json"), "w") as f:
        json.dump(out, f)


if __name__ == "__main__":
    main()
