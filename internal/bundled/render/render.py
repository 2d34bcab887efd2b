#!/usr/bin/env python3
"""Render the bundled notes: 441 crops of 80 ms and a minute of whole notes.

Needs fluidsynth, flac, numpy and the FluidR3 GM SoundFont (Debian: fluidsynth,
fluid-soundfont-gm, flac, python3-numpy). Usage: render.py OUT [SOUNDFONT]

OUT receives notes/index.csv, notes/LABEL/*.flac, minute.flac and minute.csv.
Everything follows from SEED; a pitch is a test pitch if it is divisible by four.
"""
import csv
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np

SEED = 20
RATE = 44100
CROP = 3528                                   # 80 ms
PROGRAMS = {"flute": 73, "piano": 0, "trumpet": 56}
PITCHES = range(58, 83)                       # all three instruments play all of them
PAIRS = 49                                    # (pitch, velocity) pairs an instrument
TICKS = 1000                                  # ticks a second: 500 a beat of 0.5 s


def varlen(n):
    out = [n & 0x7F]
    while n > 0x7F:
        n >>= 7
        out.append(0x80 | n & 0x7F)
    return bytes(reversed(out))


def midi(program, notes):
    """A MIDI file of (onset s, length s, pitch, velocity)."""
    events = [(0, bytes([0xC0, program]))]
    for onset, length, pitch, velocity in notes:
        events.append((round(onset * TICKS), bytes([0x90, pitch, velocity])))
        events.append((round((onset + length) * TICKS), bytes([0x80, pitch, 0])))
    events.sort(key=lambda e: e[0])
    body, now = b"", 0
    for at, message in events:
        body += varlen(at - now) + message
        now = at
    body += varlen(3 * TICKS) + b"\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS // 2)
    return head + b"MTrk" + struct.pack(">I", len(body)) + body


def render(program, notes, font):
    """The notes as mono float, without reverb or chorus."""
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "n.mid")
        with open(path, "wb") as f:
            f.write(midi(program, notes))
        raw = os.path.join(tmp, "n.raw")
        subprocess.run(["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "1.8", "-r", str(RATE),
                        "-T", "raw", "-O", "s16", "-F", raw, font, path], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        x = np.fromfile(raw, "<i2").reshape(-1, 2).astype(np.float64)
    return x.mean(axis=1) / 32768


def flac(path, x):
    pcm = np.clip(np.round(x * 32768), -32768, 32767).astype("<i2").tobytes()
    subprocess.run(["flac", "-8", "-s", "-f", "--no-padding", "--no-seektable", "--force-raw-format", "--endian=little",
                    "--sign=signed", "--channels=1", "--bps=16", f"--sample-rate={RATE}", "-o", path, "-"],
                   input=pcm, check=True)


def pairs(rng):
    """PAIRS (pitch, velocity), each pitch at least once, with distinct velocities."""
    out = []
    while len(out) < PAIRS:
        for pitch in PITCHES:
            velocity = int(rng.integers(45, 121))
            if (pitch, velocity) not in out and len(out) < PAIRS:
                out.append((pitch, velocity))
    return out


def crops(x, onset, length, rng):
    """Attack, sustain and decay of the note in x at onset: (name, 80 ms of it)."""
    off = onset + length
    for name, at in (("attack", onset + rng.uniform(-0.05, 0.015)),
                     ("sustain", rng.uniform(onset + 0.06, off - 0.08)),
                     ("decay", off + rng.uniform(-0.075, 0.0))):
        first = round(at * RATE)
        yield name, x[first:first + CROP]


def note_set(out, font, rng):
    rows = []
    used = {}
    for label, program in PROGRAMS.items():
        os.makedirs(os.path.join(out, "notes", label), exist_ok=True)
        chosen = pairs(rng)
        used[label] = set(chosen)
        lengths = rng.uniform(0.2, 1.0, len(chosen))
        notes = [(0.5 + 4 * i, lengths[i], p, v) for i, (p, v) in enumerate(chosen)]
        x = render(program, notes, font)
        for onset, length, pitch, velocity in notes:
            for name, crop in crops(x, onset, length, rng):
                file = f"{label}/{pitch}-{velocity}-{name}.flac"
                flac(os.path.join(out, "notes", file), crop)
                rows.append((file, label, "test" if pitch % 4 == 0 else "train", f"pitch{pitch}"))
    with open(os.path.join(out, "notes", "index.csv"), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(("file", "label", "split", "group"))
        w.writerows(sorted(rows))
    return used


def minute(out, font, rng, used):
    """Whole notes at the test pitches, none of the set's pitch and velocity."""
    test = [p for p in PITCHES if p % 4 == 0]
    labels = list(PROGRAMS) * 25
    rng.shuffle(labels)
    x, truth, at = np.zeros(62 * RATE), [], 0.6
    for label in labels:
        length = rng.uniform(0.15, 1.0)
        if at + length > 59.6:
            break
        pitch = int(rng.choice(test))
        velocity = int(rng.choice([v for v in range(50, 118) if (pitch, v) not in used[label]]))
        note = render(PROGRAMS[label], [(0.1, length, pitch, velocity)], font)[round(0.1 * RATE):]
        release = 0.05
        n = round((length + release) * RATE)
        note = note[:n]
        fade = round(release * RATE)
        note[-fade:] *= np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
        first = round(at * RATE)
        x[first:first + n] += note
        truth.append((first, first + n, label))
        at += length + release + rng.uniform(0.3, 0.6)
    end = 60 * RATE
    flac(os.path.join(out, "minute.flac"), x[:end])
    with open(os.path.join(out, "minute.csv"), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(("start", "end", "label"))
        w.writerows(truth)


def main():
    out = sys.argv[1]
    font = sys.argv[2] if len(sys.argv) > 2 else "/usr/share/sounds/sf2/FluidR3_GM.sf2"
    rng = np.random.default_rng(SEED)
    used = note_set(out, font, rng)
    minute(out, font, rng, used)


if __name__ == "__main__":
    main()
